//! Gathers the minutes of a simulation in the cells of a picture.
//!
//! Up to four days are hours × minutes, longer spans days × hours. Cells are civil time in the zone of the
//! simulation: an hour that the clock shows twice holds both, one that it skips stays empty.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::tally::Tally;
use super::world::Span;
use crate::timing;

/// A picture of so many days still has room for each minute.
const MINUTES_UP_TO_DAYS: usize = 4;

/// Cells in rows and columns.
pub(super) struct Heat {
    pub(super) grain: Grain,
    pub(super) first_day: Date,
    pub(super) days: usize,
    /// By row, then column.
    cells: Vec<Cell>,
    pub(super) title: String,
    pub(super) runs: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// A row is an hour, a column a minute.
    Minutes,
    /// A row is an hour of the day, a column a day.
    Hours,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// Whether the span reaches into it.
    pub(super) is_inside: bool,
    pub(super) starts: u32,
    pub(super) left_out: u32,
}

impl Heat {
    pub(super) fn new(tally: &Tally, span: &Span, zone: &TimeZone) -> Self {
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let first_day = day(span.from);
        let last = span.to.checked_sub(1.nanoseconds()).unwrap_or(span.to);
        let days = days_between(first_day, day(last)) + 1;
        let grain = if days <= MINUTES_UP_TO_DAYS { Grain::Minutes } else { Grain::Hours };
        let columns = if grain == Grain::Minutes { 60 } else { days };
        let rows = if grain == Grain::Minutes { days * 24 } else { 24 };
        let show = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        let name = timing::zone_name(zone);
        let title = format!("{} to {} ({name})", show(span.from), show(span.to));
        let cells = vec![Cell::default(); rows * columns];
        let mut heat = Self { grain, first_day, days, cells, title, runs: tally.runs() };
        // Every quarter of an hour meets every hour of every zone, every minute every minute.
        let step = if grain == Grain::Minutes { 60 } else { 900 };
        let mut second = span.from.as_second();
        while second < span.to.as_second() {
            if let Ok(at) = Timestamp::from_second(second)
                && let Some(cell) = heat.cell_at(at, zone)
            {
                cell.is_inside = true;
            }
            second += step;
        }
        for (at, minute) in tally.minutes() {
            if let Some(cell) = heat.cell_at(at.max(span.from), zone) {
                cell.is_inside = true;
                cell.starts = cell.starts.saturating_add(minute.starts);
                cell.left_out = cell.left_out.saturating_add(minute.left_out);
            }
        }
        heat
    }

    pub(super) fn columns(&self) -> usize {
        if self.grain == Grain::Minutes { 60 } else { self.days }
    }

    pub(super) fn rows(&self) -> usize {
        self.cells.len() / self.columns()
    }

    pub(super) fn cell(&self, row: usize, column: usize) -> Cell {
        self.cells[row * self.columns() + column]
    }

    /// The most starts of any cell.
    pub(super) fn most(&self) -> u32 {
        self.cells.iter().map(|cell| cell.starts).max().unwrap_or_default()
    }

    /// The fewest starts of any cell that has some.
    pub(super) fn fewest(&self) -> u32 {
        let some = self.cells.iter().map(|cell| cell.starts).filter(|starts| *starts > 0);
        some.min().unwrap_or_default()
    }

    /// The rows that the span reaches into.
    pub(super) fn rows_inside(&self) -> Range<usize> {
        let inside = |row: &usize| (0..self.columns()).any(|at| self.cell(*row, at).is_inside);
        let first = (0..self.rows()).find(inside).unwrap_or_default();
        let last = (0..self.rows()).rfind(inside).unwrap_or_default();
        first..last + 1
    }

    fn cell_at(&mut self, at: Timestamp, zone: &TimeZone) -> Option<&mut Cell> {
        let there = zone.to_datetime(at);
        let day = days_between(self.first_day, there.date());
        let (hour, minute) =
            (usize::try_from(there.hour()).ok()?, usize::try_from(there.minute()).ok()?);
        let index = match self.grain {
            Grain::Minutes => (day * 24 + hour) * 60 + minute,
            Grain::Hours => hour * self.days + day,
        };
        self.cells.get_mut(index)
    }
}

fn days_between(first: Date, last: Date) -> usize {
    let days = last.since(first).map(|span| span.get_days()).unwrap_or_default();
    usize::try_from(days).unwrap_or_default()
}
