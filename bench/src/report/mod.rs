//! Tells what was answered: as a table, as JSON, as a picture.

pub mod json;
pub mod svg;
pub mod text;

use crate::harness::{Report, Settings};
use crate::machine::Machine;

/// One run of the program.
pub struct Run {
    pub machine: Machine,
    pub settings: Settings,
    /// Peers and their versions.
    pub versions: Vec<(&'static str, String)>,
    pub reports: Vec<Report>,
}

/// Three digits that matter, thousands apart: `0.123`, `56.1`, `1,830`.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 1e6 {
        return format!("{value:.2e}");
    }
    if magnitude >= 99.95 {
        let whole = format!("{value:.0}");
        let cut = whole.len().saturating_sub(3);
        let (thousands, rest) = whole.split_at(cut);
        let apart = !thousands.is_empty() && thousands != "-";
        return format!("{thousands}{}{rest}", if apart { "," } else { "" });
    }
    match magnitude {
        m if m >= 9.995 => format!("{value:.1}"),
        m if m >= 0.9995 => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_three_digits() {
        let told =
            [0.0, 0.1234, 1.5, 56.13, 412.4, 1830.0, 123_456.0, 12_345_678.0, 99.97].map(number);
        let expected = ["0", "0.123", "1.50", "56.1", "412", "1,830", "123,456", "1.23e7", "100"];
        assert_eq!(told, expected);
    }
}
