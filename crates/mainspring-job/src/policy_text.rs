//! Writes a policy as one line of text, and reads it back.
//!
//! # Ground rules
//! - `key=value` words, parted by a space. What is as it is without saying is not written: the default
//!   policy is the empty text.
//! - Durations are in seconds, up to nine digits after the point.

use std::fmt::{self, Write};
use std::str::FromStr;
use std::time::Duration;

use crate::misfire::Late;
use crate::retry::Backoff;
use crate::{Misfire, Overlap, Policy, Retry};

/// Why a text is not a policy.
///
/// The text for people names the word and what is allowed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    word: String,
    allowed: &'static str,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in a policy is not understood; allowed: {}", self.word, self.allowed)
    }
}

impl std::error::Error for PolicyError {}

const KEYS: &str = "overlap=, concurrency=, group=, misfire=, grace=, timeout=, retry=, history=";
const OVERLAPS: &str = "allow, skip, queue, cancel-previous";
const MISFIRES: &str = "skip, once, all:SECONDS";
const RETRIES: &str = "ATTEMPTS:fixed:SECONDS, ATTEMPTS:exponential:SECONDS:SECONDS";
const NUMBER: &str = "a number";
const SECONDS: &str = "seconds, as in `1.5`";

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = Self::default();
        let mut words = Words { f, is_first: true };
        if self.overlap_policy() != default.overlap_policy() {
            words.write("overlap", format_args!("{}", overlap_name(self.overlap_policy())))?;
        }
        if self.concurrency_limit() != default.concurrency_limit() {
            words.write("concurrency", format_args!("{}", self.concurrency_limit()))?;
        }
        if let Some(group) = self.group_name() {
            words.write("group", format_args!("{}", escaped(group)))?;
        }
        match self.misfire_policy().late {
            Late::Last => {}
            Late::None => words.write("misfire", format_args!("skip"))?,
            Late::Within(horizon) => {
                words.write("misfire", format_args!("all:{}", Seconds(horizon)))?;
            }
        }
        let grace = self.misfire_policy().grace_limit();
        if grace != default.misfire_policy().grace_limit() {
            words.write("grace", format_args!("{}", Seconds(grace)))?;
        }
        if let Some(timeout) = self.timeout_limit() {
            words.write("timeout", format_args!("{}", Seconds(timeout)))?;
        }
        let retry = self.retry_policy();
        if retry != default.retry_policy() {
            let attempts = retry.attempts_max();
            match retry.backoff {
                Backoff::Fixed(pause) => {
                    words.write("retry", format_args!("{attempts}:fixed:{}", Seconds(pause)))?;
                }
                Backoff::Exponential { base, max } => words.write(
                    "retry",
                    format_args!("{attempts}:exponential:{}:{}", Seconds(base), Seconds(max)),
                )?,
            }
        }
        if self.history_limit() != default.history_limit() {
            words.write("history", format_args!("{}", self.history_limit()))?;
        }
        Ok(())
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        let mut misfire = Misfire::default();
        for word in text.split_ascii_whitespace() {
            let wrong = |allowed| PolicyError { word: word.to_owned(), allowed };
            let (key, value) = word.split_once('=').ok_or_else(|| wrong(KEYS))?;
            let number = || value.parse::<u32>().map_err(|_| wrong(NUMBER));
            let duration = |text| seconds(text).ok_or_else(|| wrong(SECONDS));
            policy = match key {
                "overlap" => policy.overlap(overlap_named(value).ok_or_else(|| wrong(OVERLAPS))?),
                "concurrency" => policy.concurrency(number()?),
                "group" => policy.group(&unescaped(value).ok_or_else(|| wrong("a name"))?),
                "misfire" => {
                    let late = match value.split_once(':') {
                        None if value == "skip" => Misfire::skip(),
                        None if value == "once" => Misfire::run_once(),
                        Some(("all", horizon)) => Misfire::run_all(duration(horizon)?),
                        _ => return Err(wrong(MISFIRES)),
                    };
                    misfire = late.grace(misfire.grace_limit());
                    policy.misfire(misfire)
                }
                "grace" => {
                    misfire = misfire.grace(duration(value)?);
                    policy.misfire(misfire)
                }
                "timeout" => policy.timeout(duration(value)?),
                "retry" => policy.retry(retry(value).ok_or_else(|| wrong(RETRIES))?),
                "history" => policy.history(number()?),
                _ => return Err(wrong(KEYS)),
            };
        }
        Ok(policy)
    }
}

struct Words<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    is_first: bool,
}

impl Words<'_, '_> {
    fn write(&mut self, key: &str, value: fmt::Arguments<'_>) -> fmt::Result {
        if !std::mem::take(&mut self.is_first) {
            self.f.write_char(' ')?;
        }
        write!(self.f, "{key}={value}")
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        if nanos == 0 {
            return write!(f, "{whole}");
        }
        f.write_str(format!("{whole}.{nanos:09}").trim_end_matches('0'))
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    Some(Duration::new(whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?))
}

fn retry(value: &str) -> Option<Retry> {
    let parts: Vec<&str> = value.split(':').collect();
    let (attempts, retry) = match parts[..] {
        [attempts, "fixed", pause] => (attempts, Retry::fixed(seconds(pause)?)),
        [attempts, "exponential", base, max] => {
            (attempts, Retry::exponential(seconds(base)?, seconds(max)?))
        }
        _ => return None,
    };
    Some(retry.attempts(attempts.parse().ok()?))
}

fn overlap_name(overlap: Overlap) -> &'static str {
    match overlap {
        Overlap::Allow => "allow",
        Overlap::Skip => "skip",
        Overlap::Queue => "queue",
        Overlap::CancelPrevious => "cancel-previous",
    }
}

fn overlap_named(name: &str) -> Option<Overlap> {
    let all = [Overlap::Allow, Overlap::Skip, Overlap::Queue, Overlap::CancelPrevious];
    all.into_iter().find(|overlap| overlap_name(*overlap) == name)
}

/// A group's name as one word: `%20` for a space, as in addresses.
fn escaped(name: &str) -> String {
    let mut word = String::new();
    for c in name.chars() {
        if c == '%' || c.is_whitespace() || c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a text cannot fail.
                let _ = write!(word, "%{byte:02X}");
            }
        } else {
            word.push(c);
        }
    }
    word
}

fn unescaped(word: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::Policy;
    use crate::{Misfire, Overlap, Retry};
    use std::time::Duration;

    #[track_caller]
    fn check(policy: Policy, text: &str) {
        assert_eq!(policy.to_string(), text);
        assert_eq!(text.parse(), Ok(policy));
    }

    #[test]
    fn every_part_is_read_as_it_was_written() {
        let millis = Duration::from_millis;
        check(Policy::default(), "");
        check(Policy::default().overlap(Overlap::CancelPrevious), "overlap=cancel-previous");
        check(Policy::default().concurrency(7).history(0), "concurrency=7 history=0");
        check(Policy::default().group("a b%c"), "group=a%20b%25c");
        check(Policy::default().group(""), "group=");
        check(
            Policy::default().misfire(Misfire::skip().grace(millis(1))),
            "misfire=skip grace=0.001",
        );
        check(
            Policy::default().misfire(Misfire::run_all(Duration::MAX)),
            "misfire=all:18446744073709551615.999999999",
        );
        check(Policy::default().timeout(millis(1500)), "timeout=1.5");
        check(Policy::default().retry(Retry::fixed(millis(50)).attempts(9)), "retry=9:fixed:0.05");
        check(
            Policy::default().retry(Retry::exponential(millis(1000), millis(60_000))),
            "retry=3:exponential:1:60",
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, allowed) in [
            ("overlap=never", "cancel-previous"),
            ("colour=red", "concurrency="),
            ("concurrency=-1", "a number"),
            ("timeout=1h", "seconds"),
            ("timeout=.5", "seconds"),
            ("retry=3:linear:1", "ATTEMPTS:fixed"),
            ("misfire=all", "all:SECONDS"),
            ("group=%zz", "a name"),
            ("queue", "overlap="),
        ] {
            let error = text.parse::<Policy>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains(allowed), "{error}");
        }
    }
}
