//! Vectors, scenarios and end-to-end tests. See the files beside this one: one an arm.
