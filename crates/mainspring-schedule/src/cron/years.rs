//! Keeps a set of years.

/// The first year that the year field can name.
const FIRST: i32 = 1970;

/// A set of years from 1970 on: bit `n` of the words together stands for 1970 + `n`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Years {
    words: Vec<u64>,
}

impl Years {
    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Adds `first`, `first + step`, … up to `last`.
    pub(crate) fn add(&mut self, first: u16, last: u16, step: u16) {
        for year in (first..=last).step_by(usize::from(step)) {
            let (word, bit) = place(i32::from(year));
            if word >= self.words.len() {
                self.words.resize(word + 1, 0);
            }
            self.words[word] |= 1 << bit;
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(i32) -> bool) {
        let mut year = FIRST;
        while let Some(found) = self.from(year) {
            if !keep(found) {
                let (word, bit) = place(found);
                self.words[word] &= !(1 << bit);
            }
            year = found + 1;
        }
    }

    /// The first of them at or after `year`.
    pub(crate) fn from(&self, year: i32) -> Option<i32> {
        let (start, bit) = place(year.max(FIRST));
        let mut mask = u64::MAX << bit;
        for (index, word) in self.words.iter().enumerate().skip(start) {
            if word & mask != 0 {
                return Some(year_of(index, (word & mask).trailing_zeros()));
            }
            mask = u64::MAX;
        }
        None
    }

    /// The last of them at or before `year`.
    pub(crate) fn up_to(&self, year: i32) -> Option<i32> {
        if year < FIRST {
            return None;
        }
        let (end, bit) = place(year);
        let mut mask = if end < self.words.len() { u64::MAX >> (63 - bit) } else { u64::MAX };
        for (index, word) in self.words.iter().enumerate().take(end + 1).rev() {
            if word & mask != 0 {
                return Some(year_of(index, (word & mask).ilog2()));
            }
            mask = u64::MAX;
        }
        None
    }
}

fn place(year: i32) -> (usize, u32) {
    let index = (year - FIRST) as u32;
    ((index / 64) as usize, index % 64)
}

fn year_of(word: usize, bit: u32) -> i32 {
    FIRST + word as i32 * 64 + bit as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_as_an_ordered_set_does() {
        let mut years = Years::default();
        assert_eq!((years.from(-9999), years.up_to(9999)), (None, None));
        years.add(1970, 1970, 1);
        years.add(2030, 2040, 3);
        years.add(9000, 9999, 101);
        let mut expected = vec![1970];
        expected.extend((2030..=2040).step_by(3));
        expected.extend((9000..=9999).step_by(101));
        for year in -100..=10_100 {
            assert_eq!(years.from(year), expected.iter().copied().find(|y| *y >= year));
            assert_eq!(years.up_to(year), expected.iter().copied().rfind(|y| *y <= year));
        }
        years.retain(|year| year < 2033);
        assert_eq!((years.from(1971), years.from(2031)), (Some(2030), None));
        years.retain(|_| false);
        assert!(years.is_empty());
    }
}
