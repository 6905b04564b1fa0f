//! Finds the word that somebody probably meant.

/// The candidate that is at most two edits away from `word`, in any case; the first of the nearest.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // Longer than any candidate by more than the edits allowed, so nothing can be near.
    if word.len() > 64 {
        return None;
    }
    candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(edits, candidate)| *edits <= 2 && *edits < candidate.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// How many bytes must be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.bytes().enumerate() {
            let change = diagonal + usize::from(!from.eq_ignore_ascii_case(&to));
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_slip_and_leaves_strangers_alone() {
        assert_eq!(nearest("@dailyy", &["@hourly", "@daily"]), Some("@daily"));
        assert_eq!(nearest("@HOURLY", &["@hourly", "@daily"]), Some("@hourly"));
        assert_eq!(nearest("@foo", &["@hourly", "@daily"]), None);
        assert_eq!(nearest("@", &["@hourly", "@daily"]), None);
    }
}
