//! What English means, and what is said where it is not understood.

use crate::Schedule;

#[test]
fn phrases_become_schedules() {
    for (english, canonical) in MEANINGS {
        let schedule: Schedule =
            english.parse().unwrap_or_else(|error| panic!("{english}: {error}"));
        assert_eq!(schedule.to_string(), *canonical, "{english}");
    }
}

const MEANINGS: &[(&str, &str)] = &[
    ("every hour from 9:15 through 17:15", "15 9-17 * * *"),
    ("every 15 minutes", "*/15 * * * *"),
    ("every minute", "* * * * *"),
    ("every second", "* * * * * *"),
    ("every hour", "0 * * * *"),
    ("every day", "0 0 * * *"),
    ("every week", "0 0 * * SUN"),
    ("every month", "0 0 1 * *"),
    ("every year", "0 0 1 1 *"),
    ("every quarter", "0 0 1 */3 *"),
    ("every 2 hours", "0 */2 * * *"),
    ("every other hour", "0 */2 * * *"),
    ("every half hour", "*/30 * * * *"),
    ("every 45 minutes", "@every 45m"),
    ("every 90 minutes", "@every 1h30m"),
    ("every 120 minutes", "0 */2 * * *"),
    ("every 24 hours", "0 0 * * *"),
    ("every 3 days", "@every 72h"),
    ("every 2 weeks", "@every 336h"),
    ("every 7 hours", "@every 7h"),
    ("every 10 seconds", "*/10 * * * * *"),
    ("every 15m", "*/15 * * * *"),
    ("every weekday at 9:30 in Europe/Berlin", "30 9 * * MON-FRI in Europe/Berlin"),
    ("every day at 9am and 5pm", "0 9,17 * * *"),
    ("every monday, wednesday and friday at 18:00", "0 18 * * MON,WED,FRI"),
    ("on the 1st and 15th of every month at noon", "0 12 1,15 * *"),
    ("on the last day of the month at 23:00", "0 23 L * *"),
    ("first monday of every month at 8:00", "0 8 * * MON#1"),
    ("every weekend at midnight", "0 0 * * SAT,SUN"),
    ("daily at 9", "0 9 * * *"),
    ("weekly on monday at 9", "0 9 * * MON"),
    ("monthly on the 15th at noon", "0 12 15 * *"),
    ("every month on the last friday at 17:00", "0 17 * * FRIL"),
    ("every year on december 25 at noon", "0 12 25 12 *"),
    ("on december 24 and 25 at 18:00", "0 18 24,25 12 *"),
    ("every 25 december at 8", "0 8 25 12 *"),
    ("every year in july", "0 0 1 7 *"),
    ("every january on the 1st at 9:00", "0 9 1 1 *"),
    ("every 2 months on the 1st at 6am", "0 6 1 */2 *"),
    ("every 10 minutes from 9:00 through 16:59", "*/10 9-16 * * *"),
    ("every 10 minutes between 9:00 and 16:59 on weekdays", "*/10 9-16 * * MON-FRI"),
    ("every hour from 9:00 to 17:00 on weekdays", "0 9-17 * * MON-FRI"),
    ("every 2 hours from 8:00 through 18:00", "0 8-18/2 * * *"),
    ("every hour at :15", "15 * * * *"),
    ("every hour at minute 15", "15 * * * *"),
    ("hourly at :00 and :30", "0,30 * * * *"),
    ("at 9:30 every weekday", "30 9 * * MON-FRI"),
    ("9am every weekday", "0 9 * * MON-FRI"),
    ("midnight on sundays", "0 0 * * SUN"),
    ("noon", "0 12 * * *"),
    ("every first monday of the month at 9", "0 9 * * MON#1"),
    ("every last friday at 17:00", "0 17 * * FRIL"),
    ("on the first and third monday of every month at 10:00", "0 10 * * MON#1,MON#3"),
    ("the last weekday of the month at 17:00", "0 17 LW * *"),
    ("the first weekday of the month at 9", "0 9 1W * *"),
    ("on the first monday and the third friday at 9", "0 9 * * MON#1,FRI#3"),
    ("monday through friday at 9", "0 9 * * MON-FRI"),
    ("every mon-fri at 9:15", "15 9 * * MON-FRI"),
    ("every friday in june and july at 14:00", "0 14 * 6,7 FRI"),
    ("every minute at second 30", "30 * * * * *"),
    ("every day at 9, 12 and 18", "0 9,12,18 * * *"),
    ("every day at 12am", "0 0 * * *"),
    ("on day 1 of the month at 0:00", "0 0 1 * *"),
    ("every 30 seconds on monday", "*/30 * * * * MON"),
    ("every 1 day at 5", "0 5 * * *"),
    ("every twelve hours", "0 */12 * * *"),
    ("every 2nd hour", "0 */2 * * *"),
    ("every third day", "@every 72h"),
    ("mondays", "0 0 * * MON"),
    ("every may", "0 0 * 5 *"),
    ("1st of every month at 6:00", "0 6 1 * *"),
    (
        "every day at noon starting 2026-01-01 limit 3",
        "0 12 * * * starting 2026-01-01T00:00:00Z limit 3",
    ),
    ("once at 2026-12-01T09:00 in Europe/Berlin", "@at 2026-12-01T08:00:00Z in Europe/Berlin"),
    ("every weekday at 9:30 in march in Europe/Berlin", "30 9 * 3 MON-FRI in Europe/Berlin"),
    ("every day in january through march at 9", "0 9 * 1-3 *"),
    ("every day from january through march at 9", "0 9 * 1-3 *"),
    ("every weekday, at 9:30:15", "15 30 9 * * MON-FRI"),
    ("every 25 december at 8", "0 8 25 12 *"),
    ("every day in november through february at 9", "0 9 * 11-2 *"),
    ("every day in may and june at 9", "0 9 * 5,6 *"),
];

#[test]
fn errors_point_at_the_word_and_say_what_is_right() {
    for (english, column, problem, allowed) in ERRORS {
        let error = english.parse::<Schedule>().unwrap_err();
        assert_eq!(error.problem(), *problem, "{english}");
        assert_eq!(error.column(), *column, "{english}");
        assert!(error.allowed().contains(allowed), "{english}: {}", error.allowed());
        assert_eq!(error.input(), *english);
    }
}

const ERRORS: &[(&str, usize, &str, &str)] = &[
    (
        "hourly",
        1,
        "a single word, perhaps @hourly?",
        "5 fields (minute, hour, day of month, month, weekday), 6 with seconds first, 7 with a year last",
    ),
    (
        "daily",
        1,
        "a single word, perhaps @daily?",
        "5 fields (minute, hour, day of month, month, weekday), 6 with seconds first, 7 with a year last",
    ),
    (
        "weekly",
        1,
        "a single word, perhaps @weekly?",
        "5 fields (minute, hour, day of month, month, weekday), 6 with seconds first, 7 with a year last",
    ),
    (
        "monthly",
        1,
        "a single word, perhaps @monthly?",
        "5 fields (minute, hour, day of month, month, weekday), 6 with seconds first, 7 with a year last",
    ),
    (
        "yearly",
        1,
        "a single word, perhaps @yearly?",
        "5 fields (minute, hour, day of month, month, weekday), 6 with seconds first, 7 with a year last",
    ),
    (
        "every hour from 9:15 through 17:30",
        17,
        "these ends are not among the runs",
        "from 9:00 through 17:00",
    ),
    ("every", 6, "the text ends too early", "second"),
    ("every wekday at 9:30", 7, "unknown word `wekday`, perhaps `weekday`?", "second"),
    ("every 15 mintues", 10, "unknown word `mintues`, perhaps `minutes`?", "seconds"),
    ("every 0 minutes", 1, "every 0 is never", "a whole number from 1"),
    (
        "every 10 minutes between 9:00 and 17:00",
        35,
        "is 17:00 itself a run, or the end?",
        "through 16:59",
    ),
    ("every day at 25:00", 14, "`25:00` is not a time of day", "9:30"),
    (
        "every day at 9:30 and 17:00",
        14,
        "one schedule cannot have just these times",
        "9:30 and 17:30",
    ),
    ("every day at 9 and 5pm", 14, "morning or afternoon?", "am"),
    (
        "every second monday",
        1,
        "the nth of each month, or one in n weeks?",
        "on the second monday of every month",
    ),
    (
        "every 2 mondays",
        1,
        "the nth of each month, or one in n weeks?",
        "on the second monday of every month",
    ),
    ("every 5 months", 1, "such an interval does not fit the year", "every month"),
    ("every 2 years", 1, "no rule skips years", "every year"),
    ("every 3 days at 9:00", 17, "every 3 days is a cycle and knows no calendar", "every day"),
    (
        "every 45 minutes on monday",
        21,
        "every 45 minutes is a cycle and knows no calendar",
        "starting",
    ),
    ("tomorrow", 1, "unknown word `tomorrow`", "every …"),
    ("at", 3, "the text ends too early", "9:30"),
    ("on", 3, "the text ends too early", "weekdays"),
    ("on the", 7, "the text ends too early", "1st"),
    (
        "on the 1st and monday",
        16,
        "`and` joins days with days and times with times",
        "another of the same kind; or two schedules",
    ),
    ("on the 32nd", 8, "unknown word `32nd`", "1st"),
    ("last of the month", 6, "unexpected word `of`", "day"),
    ("every day at 13pm", 14, "no such hour on a twelve-hour clock", "1 to 12"),
    (
        "every monday on the 13th",
        7,
        "a day of the month and a weekday: both at once, or either?",
        "one of the two; or a cron expression, which means either",
    ),
    ("every week on the 1st", 19, "a day of the month in every week?", "every month"),
    ("every month on monday", 16, "every such day, or one in each month?", "every monday"),
    ("every 15 minutes every day", 18, "a second interval", "one interval in a schedule"),
    ("every 99999999999999999999 days", 1, "such an interval never ends", "a smaller number"),
    (
        "daily at 9 and",
        15,
        "`and` joins days with days and times with times",
        "another of the same kind; or two schedules",
    ),
    ("from 9:00 to 17:00", 6, "how often between these times?", "every hour"),
    ("every day from 9:00 to 17:00", 16, "how often between these times?", "every hour"),
    ("every weekday at", 17, "the text ends too early", "9:30"),
    (
        "every weekday at 9:30 in Europe/Berln",
        26,
        "unknown time zone `Europe/Berln`, perhaps `Europe/Berlin`?",
        "Europe/Berlin",
    ),
    ("second weekday of the month", 1, "no rule finds this weekday", "second monday"),
    ("in", 3, "the text ends too early", "the month"),
    ("every day in", 13, "nothing after `in`", "Europe/Berlin"),
    (
        "every monday at 9 and friday at 10",
        23,
        "`and` joins days with days and times with times",
        "another of the same kind; or two schedules",
    ),
    (
        "on monday and at 9",
        15,
        "`and` joins days with days and times with times",
        "another of the same kind; or two schedules",
    ),
    ("every weekday att 9", 15, "unknown word `att`, perhaps `at`?", "every …"),
];

#[test]
fn case_and_commas_do_not_matter() {
    let plain: Schedule = "every monday and friday at 9:30 in Europe/Berlin".parse().unwrap();
    for same in [
        "Every Monday and Friday at 9:30 in Europe/Berlin",
        "every monday, friday, at 09:30 in europe/berlin",
        "  EVERY MONDAY AND FRIDAY   AT 9:30 IN EUROPE/BERLIN ",
        "on mondays and fridays at 9:30am in Europe/Berlin",
    ] {
        assert_eq!(same.parse::<Schedule>().unwrap(), plain, "{same}");
    }
}

#[test]
fn what_english_means_is_described_as_the_same_times() {
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut read = 0;
    for (english, _) in MEANINGS {
        let schedule: Schedule = english.parse().unwrap();
        let Ok(back) = schedule.describe().parse::<Schedule>() else { continue };
        let times = |it: &Schedule| it.upcoming(start).take(100).collect::<Vec<_>>();
        assert_eq!(times(&back), times(&schedule), "{english}: {}", schedule.describe());
        read += 1;
    }
    assert!(read * 10 >= MEANINGS.len() * 8, "only {read} of {}", MEANINGS.len());
}
