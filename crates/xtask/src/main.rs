//! `cargo xtask`: every chore of the project behind one command.

fn main() {}
