//! Test servers on loopback.
