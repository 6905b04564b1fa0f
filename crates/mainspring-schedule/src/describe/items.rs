//! Brings the items of one field into the few shapes that have a wording.

use crate::cron::ast::{Item, What};

/// The items of a field of plain numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Any,
    /// `*/n` and what means the same: from the field's first number to its end.
    Every(u16),
    /// Anything else, in the order in which it is written.
    Parts(Vec<Part>),
}

/// One item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    One(u16),
    /// Both ends belong to it; it may wrap.
    Span(u16, u16),
    /// Every `step`th number from the first to the last, which is one of them.
    Stepped {
        from: u16,
        to: u16,
        step: u16,
    },
    /// Chosen by the job's name, within a range, with a step.
    Hash {
        range: Option<(u16, u16)>,
        step: Option<u16>,
    },
}

/// `first` and `last` are the ends of the field.
pub(super) fn shape(items: &[Item], first: u16, last: u16) -> Shape {
    let width = last - first + 1;
    let parts: Vec<Part> = items.iter().filter_map(|item| part(item, first, last)).collect();
    let named = spelled_out(&parts, first, last).map_or(0, |numbers| numbers.len());
    if named == usize::from(width) {
        return Shape::Any;
    }
    match parts.as_slice() {
        [Part::Stepped { from, to, step }]
            if *from == first
                && to + step > last
                && (width.is_multiple_of(*step) || to - from > *step) =>
        {
            Shape::Every(*step)
        }
        _ => Shape::Parts(parts_of(items, first, last)),
    }
}

/// The plain items, with a step that reaches but two numbers written as those.
pub(super) fn parts_of(items: &[Item], first: u16, last: u16) -> Vec<Part> {
    let mut parts = Vec::new();
    for item in items {
        match part(item, first, last) {
            Some(Part::Stepped { from, to, step }) if to == from + step => {
                parts.extend([Part::One(from), Part::One(to)]);
            }
            part => parts.extend(part),
        }
    }
    parts
}

/// `None` for what only a field of days has.
fn part(item: &Item, first: u16, last: u16) -> Option<Part> {
    let (from, to) = match item.what {
        What::Any => (first, last),
        What::Value(n) if item.step.is_none() => return Some(Part::One(n)),
        What::Value(n) => (n, last),
        What::Range(from, to) => (from, to),
        What::Hash(range) => return Some(Part::Hash { range, step: item.step }),
        _ => return None,
    };
    let step = item.step.unwrap_or(1).max(1);
    let width = last - first + 1;
    // A range that wraps goes on behind the field's end.
    let length = if to >= from { to - from } else { to + width - from };
    let steps = length / step;
    Some(match (steps, step) {
        (0, _) => Part::One(from),
        (_, 1) => Part::Span(from, to),
        _ => Part::Stepped { from, to: first + (from - first + steps * step) % width, step },
    })
}

impl Shape {
    /// The numbers, if the field is nothing but a list of them.
    pub(super) fn numbers(&self) -> Option<Vec<u16>> {
        let Self::Parts(parts) = self else { return None };
        let mut numbers = parts
            .iter()
            .map(|part| if let Part::One(n) = part { Some(*n) } else { None })
            .collect::<Option<Vec<u16>>>()?;
        numbers.sort_unstable();
        numbers.dedup();
        Some(numbers)
    }

    /// The number, if there is but one.
    pub(super) fn single(&self) -> Option<u16> {
        self.numbers().filter(|numbers| numbers.len() == 1).map(|numbers| numbers[0])
    }
}

/// Every number that a list of parts names, in the order of the parts, each once; `None` where the
/// job's name decides.
pub(super) fn spelled_out(parts: &[Part], first: u16, last: u16) -> Option<Vec<u16>> {
    let width = last - first + 1;
    let mut numbers = Vec::new();
    for part in parts {
        let (from, to, step) = match *part {
            Part::One(n) => (n, n, 1),
            Part::Span(from, to) => (from, to, 1),
            Part::Stepped { from, to, step } => (from, to, step),
            Part::Hash { .. } => return None,
        };
        let length = if to >= from { to - from } else { to + width - from };
        for n in (0..=length).step_by(usize::from(step)) {
            let number = first + (from - first + n) % width;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }
    Some(numbers)
}
