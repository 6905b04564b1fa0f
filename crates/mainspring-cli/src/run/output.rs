//! Cuts what a command prints into lines of bounded length.

use std::mem;

/// Longer lines are logged in pieces.
pub(crate) const LONGEST_BYTES: usize = 8 * 1024;

/// Bytes in, lines out; a line is at most [`LONGEST_BYTES`] long and always text.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    /// Takes what was read and hands over each line that it ends, without its line end.
    ///
    /// Bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(&str)) {
        while !bytes.is_empty() {
            let room = LONGEST_BYTES - self.pending.len();
            let reach = &bytes[..bytes.len().min(room + 1)];
            match reach.iter().position(|&byte| byte == b'\n') {
                Some(end) => {
                    self.pending.extend_from_slice(&bytes[..end]);
                    bytes = &bytes[end + 1..];
                    self.finish_line(&mut line);
                }
                None => {
                    let taken = bytes.len().min(room);
                    self.pending.extend_from_slice(&bytes[..taken]);
                    bytes = &bytes[taken..];
                    if !bytes.is_empty() {
                        self.cut(&mut line);
                    }
                }
            }
        }
    }

    /// Hands over what was printed without a line end.
    pub(crate) fn finish(&mut self, mut line: impl FnMut(&str)) {
        if !self.pending.is_empty() {
            self.finish_line(&mut line);
        }
    }

    fn finish_line(&mut self, line: &mut impl FnMut(&str)) {
        let bytes = self.pending.strip_suffix(b"\r").unwrap_or(&self.pending);
        line(&String::from_utf8_lossy(bytes));
        self.pending.clear();
    }

    /// Hands over a full buffer, but for the first bytes of a character whose rest is to come.
    fn cut(&mut self, line: &mut impl FnMut(&str)) {
        let end = whole_characters(&self.pending);
        let rest = self.pending.split_off(end);
        line(&String::from_utf8_lossy(&mem::replace(&mut self.pending, rest)));
    }
}

/// How many bytes remain without a character cut off at the end; never 0.
fn whole_characters(bytes: &[u8]) -> usize {
    let lead = bytes.iter().rev().take(4).position(|&byte| byte & 0xc0 != 0x80);
    let Some(back) = lead else { return bytes.len() };
    let at = bytes.len() - 1 - back;
    match str::from_utf8(&bytes[at..]) {
        Err(error) if error.error_len().is_none() && at > 0 => at,
        _ => bytes.len(),
    }
}

/// The end of what a command printed, for its run's record.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    text: String,
}

impl Tail {
    const BYTES_MAX: usize = 4096;

    pub(crate) fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        if self.text.len() > Self::BYTES_MAX {
            let start = self.text.ceil_char_boundary(self.text.len() - Self::BYTES_MAX);
            self.text.drain(..start);
        }
    }

    /// The last line that is not empty.
    pub(crate) fn last_line(&self) -> Option<&str> {
        self.text.lines().map(str::trim).rfind(|line| !line.is_empty())
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_BYTES, Lines, Tail};
    use proptest::prelude::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut got) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.push(chunk, |line| got.push(line.to_owned()));
        }
        lines.finish(|line| got.push(line.to_owned()));
        got
    }

    #[test]
    fn whatever_the_chunks() {
        assert_eq!(lines(&[b"a\nb", b"c\n", b"\n", b"d"]), ["a", "bc", "", "d"]);
        assert_eq!(lines(&[b"a\r\n"]), ["a"]);
        assert_eq!(lines(&[b"\xc3", b"\xa9\n"]), ["é"]);
        assert_eq!(lines(&[b"\xff\n"]), ["\u{fffd}"]);
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn long_lines_come_in_pieces() {
        let exact = vec![b'x'; LONGEST_BYTES];
        assert_eq!(lines(&[&exact, b"\n"]).len(), 1);
        let mut longer = exact;
        longer.extend_from_slice(b"yz");
        let got = lines(&[&longer]);
        assert_eq!(got.iter().map(String::len).collect::<Vec<_>>(), [LONGEST_BYTES, 2]);
    }

    #[test]
    fn a_piece_ends_between_characters() {
        let text = format!("x{}", "é".repeat(LONGEST_BYTES));
        let got = lines(&[text.as_bytes()]);
        assert!(got.iter().all(|piece| !piece.contains('\u{fffd}')));
        assert_eq!(got.concat(), text);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(chunks in proptest::collection::vec("[a-cé\n]{0,40}", 0..30)) {
            let got = lines(&chunks.iter().map(String::as_bytes).collect::<Vec<_>>());
            let whole = chunks.concat();
            let expected: Vec<&str> = whole.split_terminator('\n').collect();
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn a_tail_is_bounded_and_whole_characters() {
        let mut tail = Tail::default();
        assert_eq!(tail.last_line(), None);
        for _ in 0..3000 {
            tail.push("é");
        }
        tail.push(" the end ");
        tail.push("");
        assert_eq!(tail.last_line(), Some("the end"));
        let text = tail.into_text();
        assert!(text.len() <= Tail::BYTES_MAX && text.ends_with("é\n the end \n\n"));
    }
}
