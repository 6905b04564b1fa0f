//! Finds the word that was probably meant.

/// The candidate nearest to `word`, if it is near enough to be a slip of the finger: at most one
/// letter in three wrong, missing, extra, or swapped with its neighbour. Case does not count.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Whoever writes a word this long means none of ours, and the search costs its square.
    if word.len() > 64 {
        return None;
    }
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let slips_max = word.len() / 3;
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// Edits between two words, a swap of neighbours being one (optimal string alignment).
fn distance(word: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.chars().collect();
    let width = candidate.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut row: Vec<usize> = (0..width).collect();
    for (i, letter) in word.iter().enumerate() {
        let mut next = vec![i + 1; width];
        for (j, other) in candidate.iter().enumerate() {
            let replaced = row[j] + usize::from(letter != other);
            let mut edits = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *letter == candidate[j - 1] && word[i - 1] == *other {
                edits = edits.min(before[j - 1] + 1);
            }
            next[j + 1] = edits;
        }
        before = std::mem::replace(&mut row, next);
    }
    row[width - 1]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_forgiven() {
        let words = ["monday", "minute", "month"];
        assert_eq!(nearest("monady", words), Some("monday"));
        assert_eq!(nearest("Minut", words), Some("minute"));
        assert_eq!(nearest("mintue", words), Some("minute"));
        assert_eq!(nearest("moonth", words), Some("month"));
        assert_eq!(nearest("xyz", words), None);
        assert_eq!(nearest("@HOURLY", ["@hourly", "@daily"]), Some("@hourly"));
        assert_eq!(nearest("@dailyy", ["@hourly", "@daily"]), Some("@daily"));
        assert_eq!(nearest("@foo", ["@hourly", "@daily"]), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest(&"m".repeat(1000), words), None);
    }
}
