//! adlib from the command line.
fn main() {}
