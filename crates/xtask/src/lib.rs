//! Every chore of the project behind one command, so that a person, CI and the demo do the same things.
//!
//! This is a library with a thin binary so that tests reach the same code paths, for example
//! [`filter::build`] to inspect exactly the module that ships.

pub mod bench;
pub mod chaos;
pub mod demo;
pub mod deny;
pub mod fidelity;
pub mod filter;
pub mod fuzz;
pub mod image;
pub mod process;
pub mod test;
pub mod tidy;
pub mod tools;
pub mod workspace;
pub mod www;
