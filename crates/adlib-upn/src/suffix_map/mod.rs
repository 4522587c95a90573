//! The file that says which alternate UPN suffix stands for which domain (R16, R17).
//!
//! Bytes become lines, lines become mappings, mappings become a map. What is wrong on the way is collected.

mod diagnostic;
mod line;
mod map;
mod mapping;
mod parse;
mod reload;

pub use diagnostic::{Diagnostic, Problem, Side};
pub use map::{Candidate, SuffixMap};
pub use mapping::Mapping;
pub use parse::{MAX_DIAGNOSTICS, MAX_FILE_BYTES, MAX_MAPPINGS, Parsed};
pub use reload::{ReloadableSuffixMap, SuffixMapError};
