//! Shorthands for what every error type of the crate has.

/// Implements `Display` by one text for each variant, and `Error`.
macro_rules! error_texts {
    ($error:ty { $($variant:pat => $text:literal $(, $argument:expr)*;)* }) => {
        impl core::fmt::Display for $error {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match *self {
                    $($variant => write!(f, $text $(, $argument)*),)*
                }
            }
        }

        impl core::error::Error for $error {}
    };
}
