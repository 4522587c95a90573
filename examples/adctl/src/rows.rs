//! Aligned lines for a person.

use std::fmt;

/// Lines of a label and a value, one below the other.
#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<(String, String)>);

impl Rows {
    /// A line; none where there is nothing to say.
    pub(crate) fn add(&mut self, label: &str, value: Option<impl fmt::Display>) {
        // A value is one line, whatever a token makes of it.
        self.0
            .extend(value.map(|value| (label.to_owned(), value.to_string().replace('\n', "\u{fffd}"))));
    }

    /// A line for each of `values`.
    pub(crate) fn add_all(&mut self, label: &str, values: impl IntoIterator<Item: fmt::Display>) {
        for value in values {
            self.add(label, Some(value));
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let mut above = "";
        for (label, value) in &self.0 {
            let shown = if label == above { "" } else { label };
            writeln!(f, "  {shown:width$}  {value}")?;
            above = label;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A61: a value cannot pretend to be a line.
    #[test]
    fn a61_rows_are_aligned_and_a_value_is_one_line() {
        let mut rows = Rows::default();
        rows.add("user", Some("ada\n  admin  yes"));
        rows.add("realm", None::<String>);
        rows.add_all("in a group", [513, 514]);
        assert_eq!(
            rows.to_string(),
            "  user        ada\u{fffd}  admin  yes\n  in a group  513\n              514\n"
        );
    }
}
