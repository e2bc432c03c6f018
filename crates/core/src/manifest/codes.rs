//! The reader's diagnostic codes, in one place. A code never changes its meaning.

/// The text is not YAML.
pub const SYNTAX: &str = "MF0001";
/// The text is too large, too deeply nested, or its aliases expand to too much; or it asks for too many endpoints.
pub const LIMIT: &str = "MF0002";
/// A key is given twice in one mapping.
pub const DUPLICATE_KEY: &str = "MF0003";
/// A field that does not exist.
pub const UNKNOWN_FIELD: &str = "MF0004";
/// A value of the wrong type or outside its range.
pub const INVALID_VALUE: &str = "MF0005";
/// A field without which the object cannot be read.
pub const MISSING_FIELD: &str = "MF0006";
/// The document is not an object with `apiVersion` and `kind`.
pub const NOT_AN_OBJECT: &str = "MF0007";
/// A kind this tool does not read; skipped.
pub const UNKNOWN_KIND: &str = "MF0008";
/// A kind this tool reads, under an `apiVersion` in which it does not exist.
pub const WRONG_API_VERSION: &str = "MF0009";
/// A construct of YAML that Kubernetes does not read: a key that is a mapping, an alias to nothing.
pub const UNSUPPORTED_YAML: &str = "MF0010";
/// More errors in one document than are reported.
pub const TOO_MANY_ERRORS: &str = "MF0011";
/// The text is no dump of a gateway, though it begins like one.
pub const DUMP: &str = "MF0012";
