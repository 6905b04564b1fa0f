//! Order statistics of a few samples.

/// What is told about a cell's samples: its middle and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    pub min: f64,
    pub p25: f64,
    pub median: f64,
    pub p75: f64,
    pub max: f64,
}

impl Summary {
    /// `None` without samples.
    pub fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            min: *sorted.first()?,
            p25: quantile(&sorted, 0.25),
            median: quantile(&sorted, 0.5),
            p75: quantile(&sorted, 0.75),
            max: *sorted.last()?,
        })
    }

    /// Half the distance between the quartiles, in percent of the median: the `±` of the tables.
    pub fn spread_percent(&self) -> f64 {
        if self.median == 0.0 {
            return 0.0;
        }
        (self.p75 - self.p25) / 2.0 / self.median.abs() * 100.0
    }
}

/// Between two samples, the straight line that joins them.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn quartiles_lie_between_samples() {
        let summary = Summary::of(&[4.0, 1.0, 3.0, 2.0]).expect("there are samples");
        let expected = Summary { min: 1.0, p25: 1.75, median: 2.5, p75: 3.25, max: 4.0 };
        assert_eq!(summary, expected);
        assert_eq!(summary.spread_percent(), 30.0);
    }

    #[test]
    fn one_sample_has_no_spread_and_none_no_summary() {
        let summary = Summary::of(&[7.0]).expect("there is a sample");
        assert_eq!((summary.median, summary.spread_percent()), (7.0, 0.0));
        assert_eq!(Summary::of(&[]), None);
    }
}
