//! Groups that are found, not spelled: their names begin with `@`.

/// In the order of their numbers.
pub const FOUND: [&str; 13] = [
    "@order-number",
    "@tracking-number",
    "@sku",
    "@amount",
    "@date",
    "@image",
    "@attachment",
    "@question",
    "@exclaim",
    "@shout",
    "@bulk",
    "@short",
    "@subject",
];
