//! Draws a heat map as SVG: the darker a cell, the more runs began in it.
//!
//! A red edge of a cell says that runs were skipped or missed there, the redder the more of them. Long spans are cut into bands of a
//! year's length, so that a picture is never wider than a page.

use std::fmt::Write as _;
use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;

use super::heat::{Grain, Heat};

const LEFT: usize = 64;
const TOP: usize = 64;
const RIGHT: usize = 24;
const BOTTOM: usize = 64;
/// Between two bands, with room for the months below the upper one.
const GAP: usize = 34;
const BAND_DAYS: usize = 366;

/// From few to many; readable in print and for the colour-blind.
const COLOURS: [(u8, u8, u8); 6] = [
    (0xd6, 0xef, 0xd0),
    (0x9f, 0xd8, 0xc0),
    (0x5c, 0xb8, 0xc4),
    (0x2f, 0x8a, 0xbd),
    (0x22, 0x5a, 0xa0),
    (0x10, 0x25, 0x5c),
];

/// The whole picture.
pub(super) fn draw(heat: &Heat) -> String {
    let layout = Layout::new(heat);
    let (width, height) = (layout.width(), layout.height());
    let mut svg = String::new();
    svg.push_str(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    ));
    let unit = match heat.grain {
        Grain::Minutes => "a minute",
        Grain::Hours => "an hour",
    };
    text(&mut svg, LEFT, 24, "start", "#222222", 15, &format!("Runs that begin, {}", heat.title));
    let line = format!("{} runs; a cell is {unit}, the darkest has {}", heat.runs, heat.most());
    text(&mut svg, LEFT, 42, "start", "#666666", 11, &line);
    cells(&mut svg, heat, &layout);
    match heat.grain {
        Grain::Minutes => minute_axes(&mut svg, heat, &layout),
        Grain::Hours => hour_axes(&mut svg, heat, &layout),
    }
    legend(&mut svg, layout.scale, height - 26);
    svg.push_str("</svg>\n");
    svg
}

/// Where things are.
struct Layout {
    cell_width: usize,
    cell_height: usize,
    /// Columns in a band, and bands.
    columns: usize,
    bands: usize,
    rows: Range<usize>,
    scale: Scale,
}

/// What the darkest and the lightest colour stand for.
#[derive(Clone, Copy)]
struct Scale {
    fewest: u32,
    most: u32,
}

impl Layout {
    fn new(heat: &Heat) -> Self {
        let (columns, rows) = (heat.columns(), heat.rows_inside());
        let scale = Scale { fewest: heat.fewest(), most: heat.most() };
        let band = columns.min(BAND_DAYS);
        let bands = columns.div_ceil(BAND_DAYS);
        let cell_width = (1100 / band).clamp(3, 44);
        let cell_height = if heat.grain == Grain::Minutes { 14 } else { 12 };
        Self { cell_width, cell_height, columns: band, bands, rows, scale }
    }

    fn width(&self) -> usize {
        LEFT + (self.columns * self.cell_width).max(560) + RIGHT
    }

    fn height(&self) -> usize {
        TOP + self.bands * (self.rows.len() * self.cell_height + GAP) + BOTTOM
    }

    fn x(&self, column: usize) -> usize {
        LEFT + column % self.columns * self.cell_width
    }

    fn y(&self, row: usize, column: usize) -> usize {
        let band = column / self.columns;
        TOP + band * (self.rows.len() * self.cell_height + GAP)
            + (row - self.rows.start) * self.cell_height
    }
}

fn cells(svg: &mut String, heat: &Heat, layout: &Layout) {
    svg.push_str("<g shape-rendering=\"crispEdges\">\n");
    let (cell_width, height) = (layout.cell_width, layout.cell_height - 1);
    // Cells of a few pixels touch: lines between them would be all that is seen.
    let width = if cell_width > 6 { cell_width - 1 } else { cell_width };
    for row in layout.rows.clone() {
        for column in 0..heat.columns() {
            let cell = heat.cell(row, column);
            if !cell.is_inside {
                continue;
            }
            let (x, y) = (layout.x(column), layout.y(row, column));
            let colour = layout.scale.colour(cell.starts);
            let _infallible = write!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\""
            );
            if cell.starts == 0 && cell.left_out == 0 {
                svg.push_str("/>\n");
                continue;
            }
            let place = place(heat, row, column);
            let left_out = match cell.left_out {
                0 => String::new(),
                number => format!(", {number} skipped or missed"),
            };
            let _infallible =
                writeln!(svg, "><title>{place}: {} runs{left_out}</title></rect>", cell.starts);
            if cell.left_out > 0 {
                let all = f64::from(cell.starts) + f64::from(cell.left_out);
                let share = (f64::from(cell.left_out) / all).clamp(0.1, 1.0);
                let y = y + height - 3;
                let _infallible = writeln!(
                    svg,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"3\" \
                     fill=\"#d7263d\" fill-opacity=\"{share:.2}\"/>"
                );
            }
        }
    }
    svg.push_str("</g>\n");
}

fn place(heat: &Heat, row: usize, column: usize) -> String {
    match heat.grain {
        Grain::Minutes => format!("{} {:02}:{column:02}", day(heat, row / 24), row % 24),
        Grain::Hours => format!("{} {row:02}:00", day(heat, column)),
    }
}

fn day(heat: &Heat, number: usize) -> Date {
    let days = i64::try_from(number).unwrap_or_default();
    heat.first_day.checked_add(days.days()).unwrap_or(Date::MAX)
}

fn minute_axes(svg: &mut String, heat: &Heat, layout: &Layout) {
    for minute in (0..60).step_by(5) {
        let x = layout.x(minute) + layout.cell_width / 2;
        text(svg, x, TOP - 6, "middle", "#666666", 10, &format!(":{minute:02}"));
    }
    for row in layout.rows.clone() {
        let y = layout.y(row, 0) + layout.cell_height - 4;
        text(svg, LEFT - 6, y, "end", "#666666", 10, &format!("{:02}", row % 24));
        if row % 24 == 0 || row == layout.rows.start {
            let date = day(heat, row / 24).strftime("%b %-d").to_string();
            text(svg, LEFT - 24, y, "end", "#222222", 10, &date);
            if row > layout.rows.start {
                line(svg, LEFT - 60, layout.y(row, 0), layout.x(59) + layout.cell_width);
            }
        }
    }
}

fn hour_axes(svg: &mut String, heat: &Heat, layout: &Layout) {
    for band in 0..layout.bands {
        let first = band * layout.columns;
        for hour in (0..24).step_by(3) {
            let y = layout.y(hour, first) + layout.cell_height - 3;
            text(svg, LEFT - 6, y, "end", "#666666", 10, &format!("{hour:02}:00"));
        }
        let last = (first + layout.columns).min(heat.columns());
        let bottom = layout.y(23, first) + layout.cell_height;
        let mut free_from = 0;
        for column in first..last {
            let date = day(heat, column);
            let is_first = column == first || date.day() == 1;
            // Where there is room, each day or each Monday; a month's name always has it.
            let is_monday = layout.cell_width > 6
                && (layout.cell_width > 30 || date.weekday().to_monday_zero_offset() == 0);
            let x = layout.x(column);
            if !(is_first || is_monday) || x < free_from {
                continue;
            }
            let label = if column == first || (is_first && date.month() == 1) {
                date.strftime("%b %-d %Y").to_string()
            } else if layout.cell_width > 6 {
                date.strftime("%b %-d").to_string()
            } else {
                date.strftime("%b").to_string()
            };
            free_from = x + label.len() * 6 + 6;
            tick(svg, x, bottom);
            text(svg, x, bottom + 16, "start", "#666666", 10, &label);
        }
    }
}

fn legend(svg: &mut String, scale: Scale, y: usize) {
    text(svg, LEFT, y + 11, "start", "#666666", 11, "none");
    let mut x = LEFT + 34;
    let mut values = vec![0];
    values.extend((0..COLOURS.len()).map(|step| scale.value(step)).filter(|value| *value > 0));
    values.dedup();
    for value in &values {
        let colour = scale.colour(*value);
        let _infallible = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"38\" height=\"14\" fill=\"{colour}\"/>"
        );
        if *value > 0 {
            let ink = if scale.share(*value) > 0.5 { "#ffffff" } else { "#222222" };
            text(svg, x + 19, y + 11, "middle", ink, 10, &value.to_string());
        }
        x += 40;
    }
    text(svg, x + 4, y + 11, "start", "#666666", 11, "runs");
    let mark = x + 48;
    let top = y + 5;
    let _infallible = writeln!(
        svg,
        "<rect x=\"{mark}\" y=\"{top}\" width=\"14\" height=\"3\" fill=\"#d7263d\"/>"
    );
    text(svg, mark + 20, y + 11, "start", "#666666", 11, "skipped or missed");
}

impl Scale {
    /// How far a number lies between the fewest and the most; square roots tell few from some as well
    /// as some from many.
    fn share(self, starts: u32) -> f64 {
        let above = f64::from(starts.saturating_sub(self.fewest));
        (above / f64::from((self.most - self.fewest).max(1))).sqrt()
    }

    fn colour(self, starts: u32) -> String {
        if starts == 0 {
            return "#f1f1f1".into();
        }
        let place = self.share(starts) * (COLOURS.len() - 1) as f64;
        let lower = (place as usize).min(COLOURS.len() - 2);
        let part = place - lower as f64;
        let (from, to) = (COLOURS[lower], COLOURS[lower + 1]);
        let mix =
            |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * part) as u8;
        format!("#{:02x}{:02x}{:02x}", mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
    }

    /// The number of starts that a colour stands for.
    fn value(self, step: usize) -> u32 {
        let share = step as f64 / (COLOURS.len() - 1) as f64;
        self.fewest + (share * share * f64::from(self.most - self.fewest)).round() as u32
    }
}

fn text(svg: &mut String, x: usize, y: usize, anchor: &str, fill: &str, size: u8, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _infallible = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{fill}\" \
         font-size=\"{size}\">{words}</text>"
    );
}

fn line(svg: &mut String, from: usize, y: usize, to: usize) {
    let _infallible =
        writeln!(svg, "<line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\" stroke=\"#999999\"/>");
}

fn tick(svg: &mut String, x: usize, y: usize) {
    let end = y + 4;
    let _infallible =
        writeln!(svg, "<line x1=\"{x}\" y1=\"{y}\" x2=\"{x}\" y2=\"{end}\" stroke=\"#999999\"/>");
}
