//! Turns a plan into a cron expression or a cycle, or says what does not fit.

use std::time::Duration;

use super::Meaning;
use super::days::WEEKDAY_NAMES;
use super::plan::{DayField, Every, Plan, Time, Window};
use super::vocabulary::Unit;
use crate::Error;

/// The fields of an expression, as text.
struct Fields {
    second: Option<String>,
    minute: String,
    hour: String,
    day_of_month: String,
    month: String,
    day_of_week: String,
}

pub(super) fn meaning(text: &str, plan: &Plan) -> Result<Meaning, Error> {
    let build = Build { text, plan };
    match &plan.every {
        Some(every) => build.interval(every),
        None => build.on_days(),
    }
}

struct Build<'a> {
    text: &'a str,
    plan: &'a Plan,
}

impl Build<'_> {
    fn interval(&self, every: &Every) -> Result<Meaning, Error> {
        let (n, unit) = larger_unit(every.n, every.unit);
        match unit {
            Unit::Second if 60 % n == 0 => {
                self.refuse_times(every)?;
                self.refuse_marks(true, true)?;
                self.within_hours(Some(step(n)), "*".to_owned())
            }
            Unit::Minute if 60 % n == 0 => {
                self.refuse_times(every)?;
                self.refuse_marks(true, false)?;
                self.within_hours(self.second_mark(), step(n))
            }
            Unit::Hour if 24 % n == 0 => {
                self.refuse_times(every)?;
                self.every_hours(n)
            }
            Unit::Day | Unit::Week | Unit::Month | Unit::Year => self.calendar(every, n, unit),
            Unit::Second => self.cycle(every, n, 1),
            Unit::Minute => self.cycle(every, n, 60),
            Unit::Hour => self.cycle(every, n, 3600),
        }
    }

    fn calendar(&self, every: &Every, n: u64, unit: Unit) -> Result<Meaning, Error> {
        match (unit, n) {
            (Unit::Day, 1) => self.on_days(),
            (Unit::Day, _) => self.cycle(every, n, 86_400),
            (Unit::Week, 1) => {
                if let Some(days) = &self.plan.month_days {
                    let problem = "a day of the month in every week?";
                    return Err(self.error(&days.span, problem, "weekdays, or `every month`"));
                }
                let mut fields = self.fields_at_times()?;
                if self.plan.weekdays.is_none() {
                    fields.day_of_week = "SUN".to_owned();
                }
                Ok(fields.meaning())
            }
            (Unit::Week, _) => self.cycle(every, n, 7 * 86_400),
            (Unit::Month, 1..=12) if 12 % n == 0 => {
                if let Some(days) = &self.plan.weekdays {
                    let problem = "every such day, or one in each month?";
                    let allowed = "`every monday`, or `the first monday of every month`";
                    return Err(self.error(&days.span, problem, allowed));
                }
                let mut fields = self.fields_at_times()?;
                if self.plan.month_days.is_none() {
                    fields.day_of_month = "1".to_owned();
                }
                if n > 1 {
                    if !self.plan.months.is_empty() {
                        let problem = "months in two ways";
                        return Err(self.error(
                            &every.span,
                            problem,
                            "an interval, or named months",
                        ));
                    }
                    fields.month = step(n);
                }
                Ok(fields.meaning())
            }
            (Unit::Year, 1) => {
                let mut fields = self.fields_at_times()?;
                let named = !self.plan.months.is_empty();
                if !named {
                    fields.month = "1".to_owned();
                }
                if self.plan.month_days.is_none() && self.plan.weekdays.is_none() {
                    fields.day_of_month = "1".to_owned();
                }
                Ok(fields.meaning())
            }
            (Unit::Month, _) => {
                let allowed = "`every month`, or every 2, 3, 4 or 6 months";
                Err(self.error(&every.span, "such an interval does not fit the year", allowed))
            }
            _ => {
                let problem = "no rule skips years";
                Err(self.error(&every.span, problem, "`every year`, or a cron expression"))
            }
        }
    }

    fn on_days(&self) -> Result<Meaning, Error> {
        self.refuse_window()?;
        Ok(self.fields_at_times()?.meaning())
    }

    fn every_hours(&self, n: u64) -> Result<Meaning, Error> {
        let minute = match (&self.plan.window, self.plan.minutes.as_slice()) {
            // `from 9:15 through 17:15`
            (Some(Window { from, to, .. }), []) if from.minute == to.minute => {
                from.minute.to_string()
            }
            (_, []) => "0".to_owned(),
            (_, minutes) => list(minutes),
        };
        let mut hour = step(n);
        if let Some(Window { from, to, span, .. }) = &self.plan.window {
            // The ends are runs themselves, or those of whole hours.
            let is_run = |time: &Time| time.minute.to_string() == minute && time.second == 0;
            if !(is_run(from) || from.minute == 0) || !(is_run(to) || to.minute == 59) {
                let allowed = "ends that are runs, such as `from 9:00 through 17:00`";
                return Err(self.error(span, "these ends are not among the runs", allowed));
            }
            hour = hours(from.hour, to.hour);
            if n > 1 {
                hour = format!("{hour}/{n}");
            }
        }
        Ok(Fields { second: self.second_mark(), minute, hour, ..self.day_fields()? }.meaning())
    }

    /// An interval of minutes or seconds, within hours that end with :59.
    fn within_hours(&self, second: Option<String>, minute: String) -> Result<Meaning, Error> {
        let mut hour = "*".to_owned();
        if let Some(Window { from, to, to_span, span }) = &self.plan.window {
            if from.minute != 0 || from.second != 0 {
                let problem = "the first hour must be whole";
                return Err(self.error(span, problem, "a start such as `9:00`"));
            }
            if to.minute != 59 || !matches!(to.second, 0 | 59) {
                let before = (to.hour + 23) % 24;
                let problem = if to.minute == 0 {
                    format!("is {:02}:00 itself a run, or the end?", to.hour)
                } else {
                    "the last hour must be whole".to_owned()
                };
                let last = if to.minute == 0 { before } else { to.hour };
                return Err(self.error(to_span, problem, format!("`through {last}:59`")));
            }
            hour = hours(from.hour, to.hour);
        }
        Ok(Fields { second, minute, hour, ..self.day_fields()? }.meaning())
    }

    /// Real time: nothing of the calendar can be asked of it.
    fn cycle(&self, every: &Every, n: u64, seconds: u64) -> Result<Meaning, Error> {
        let plan = self.plan;
        let bound = [
            plan.weekdays.as_ref().map(|days| &days.span),
            plan.month_days.as_ref().map(|days| &days.span),
            (!plan.times.is_empty()).then_some(&plan.times_span),
            (!plan.minutes.is_empty()).then_some(&plan.minutes_span),
            (!plan.seconds.is_empty()).then_some(&plan.seconds_span),
            plan.window.as_ref().map(|window| &window.span),
            (!plan.months.is_empty()).then_some(&every.span),
        ];
        if let Some(span) = bound.into_iter().flatten().next() {
            let name = every.unit.name();
            let problem = format!("every {} {name}s is a cycle and knows no calendar", every.n);
            let allowed = match every.unit {
                Unit::Second | Unit::Minute => "a divisor of 60 as the interval, or `starting`",
                Unit::Hour => "a divisor of 24 as the interval, or `starting`",
                _ => "`every day`, `every week`, or `starting` to give the first run",
            };
            return Err(self.error(span, problem, allowed));
        }
        let Some(seconds) = n.checked_mul(seconds) else {
            let problem = "such an interval never ends";
            return Err(self.error(&every.span, problem, "a smaller number"));
        };
        Ok(Meaning::Cycle(Duration::from_secs(seconds)))
    }

    /// Days and months from the plan, midnight unless times are given.
    fn fields_at_times(&self) -> Result<Fields, Error> {
        self.refuse_window()?;
        self.refuse_marks(true, true)?;
        let mut fields = self.day_fields()?;
        let times = &self.plan.times;
        if times.is_empty() {
            return Ok(fields);
        }
        let numbers = |pick: fn(&Time) -> u8| {
            let mut numbers: Vec<u8> = times.iter().map(pick).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        let seconds = numbers(|time| time.second);
        let minutes = numbers(|time| time.minute);
        let hours = numbers(|time| time.hour);
        // One expression crosses all its hours with all its minutes.
        for hour in &hours {
            for minute in &minutes {
                for second in &seconds {
                    let time = Time { hour: *hour, minute: *minute, second: *second };
                    if !times.contains(&time) {
                        let problem = "one schedule cannot have just these times";
                        let allowed = "times with the same minute, such as `9:30 and 17:30`; \
                                       or two schedules";
                        return Err(self.error(&self.plan.times_span, problem, allowed));
                    }
                }
            }
        }
        fields.second = (seconds != [0]).then(|| list(&seconds));
        fields.minute = list(&minutes);
        fields.hour = list(&hours);
        Ok(fields)
    }

    fn day_fields(&self) -> Result<Fields, Error> {
        let star = || "*".to_owned();
        let mut fields = Fields {
            second: None,
            minute: "0".to_owned(),
            hour: "0".to_owned(),
            day_of_month: star(),
            month: star(),
            day_of_week: star(),
        };
        if let Some(days) = &self.plan.month_days {
            if let Some(weekdays) = &self.plan.weekdays {
                let problem = "a day of the month and a weekday: both at once, or either?";
                let allowed = "one of the two; or a cron expression, which means either";
                return Err(self.error(&weekdays.span, problem, allowed));
            }
            let field = match days.field {
                DayField::OfMonth => &mut fields.day_of_month,
                DayField::OfWeek => &mut fields.day_of_week,
            };
            *field = days.items.join(",");
        }
        if let Some(weekdays) = &self.plan.weekdays {
            fields.day_of_week = match weekdays.days.as_slice() {
                [1, 2, 3, 4, 5, 6, 0] => star(),
                [1, 2, 3, 4, 5] => "MON-FRI".to_owned(),
                days => {
                    let names = days.iter().map(|day| WEEKDAY_NAMES[usize::from(*day)]);
                    names.collect::<Vec<_>>().join(",")
                }
            };
        }
        if !self.plan.months.is_empty() {
            fields.month = match self.plan.months.as_slice() {
                // As written, so that `november through february` stays in one piece.
                [first, .., last] if is_run(&self.plan.months) => format!("{first}-{last}"),
                months => list(months),
            };
        }
        Ok(fields)
    }

    fn second_mark(&self) -> Option<String> {
        let seconds = &self.plan.seconds;
        (!seconds.is_empty() && *seconds != [0]).then(|| list(seconds))
    }

    fn refuse_times(&self, every: &Every) -> Result<(), Error> {
        if self.plan.times.is_empty() {
            return Ok(());
        }
        let problem = format!("every {} and a time of day do not go together", every.unit.name());
        let allowed = "`from 9:00 through 16:59`, or `every day at …`";
        Err(self.error(&self.plan.times_span, problem, allowed))
    }

    /// `at minute …` and `at second …` where they mean nothing.
    fn refuse_marks(&self, minutes: bool, seconds: bool) -> Result<(), Error> {
        let plan = self.plan;
        if minutes && !plan.minutes.is_empty() {
            let problem = "a minute of which hour?";
            return Err(self.error(&plan.minutes_span, problem, "`every hour at minute …`"));
        }
        if seconds && !plan.seconds.is_empty() {
            let problem = "a second of which minute?";
            return Err(self.error(&plan.seconds_span, problem, "`every minute at second …`"));
        }
        Ok(())
    }

    fn refuse_window(&self) -> Result<(), Error> {
        let Some(window) = &self.plan.window else { return Ok(()) };
        let problem = "how often between these times?";
        Err(self.error(&window.span, problem, "`every hour` or `every … minutes` before it"))
    }

    fn error(
        &self,
        span: &std::ops::Range<usize>,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Error {
        Error::new(self.text, span.clone(), problem, allowed)
    }
}

impl Fields {
    fn meaning(self) -> Meaning {
        let Self { second, minute, hour, day_of_month, month, day_of_week } = self;
        let second = second.map_or(String::new(), |second| format!("{second} "));
        Meaning::Cron(format!("{second}{minute} {hour} {day_of_month} {month} {day_of_week}"))
    }
}

/// 120 minutes are 2 hours, 24 hours a day.
fn larger_unit(n: u64, unit: Unit) -> (u64, Unit) {
    let larger = match unit {
        Unit::Second => (60, Unit::Minute),
        Unit::Minute => (60, Unit::Hour),
        Unit::Hour => (24, Unit::Day),
        Unit::Month => (12, Unit::Year),
        Unit::Day | Unit::Week | Unit::Year => return (n, unit),
    };
    if n.is_multiple_of(larger.0) { larger_unit(n / larger.0, larger.1) } else { (n, unit) }
}

fn step(n: u64) -> String {
    if n == 1 { "*".to_owned() } else { format!("*/{n}") }
}

fn hours(from: u8, to: u8) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

/// At least three months, each following the one before it.
fn is_run(months: &[u8]) -> bool {
    months.len() > 2 && months.windows(2).all(|pair| pair[1] == pair[0] % 12 + 1)
}

fn list(numbers: &[u8]) -> String {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
}
