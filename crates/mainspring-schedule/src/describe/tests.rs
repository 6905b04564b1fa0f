//! Every kind of expression, with the sentence that a person should read.

use crate::Schedule;

#[track_caller]
fn check(text: &str, sentence: &str) {
    let schedule: Schedule = text.parse().unwrap();
    assert_eq!(schedule.describe(), sentence, "{text}");
}

const TABLE: [(&str, &str); 193] = [
    ("* * * * *", "Every minute"),
    ("*/5 * * * *", "Every 5 minutes"),
    ("*/15 * * * *", "Every 15 minutes"),
    ("0 * * * *", "Every hour"),
    ("15 * * * *", "Every hour at minute 15"),
    ("0,30 * * * *", "At minutes 0 and 30 of every hour"),
    ("0,15,30,45 * * * *", "At minutes 0, 15, 30 and 45 of every hour"),
    ("5-10 * * * *", "At minutes 5 through 10 of every hour"),
    ("0,15,30-45 * * * *", "At minutes 0, 15 and 30 through 45 of every hour"),
    ("*/7 * * * *", "Every 7 minutes from minute 0 through 56 of every hour"),
    ("*/45 * * * *", "At minutes 0 and 45 of every hour"),
    ("10/20 * * * *", "Every 20 minutes from minute 10 through 50 of every hour"),
    ("10-50/10 * * * *", "Every 10 minutes from minute 10 through 50 of every hour"),
    ("59 * * * *", "Every hour at minute 59"),
    ("0 0 * * *", "At 00:00"),
    ("0 9 * * *", "At 09:00"),
    ("30 9 * * MON-FRI", "At 09:30, Monday through Friday"),
    ("0 9 * * 1-5", "At 09:00, Monday through Friday"),
    ("0 9,17 * * *", "At 09:00 and 17:00"),
    ("30 8,12,18 * * *", "At 08:30, 12:30 and 18:30"),
    ("0,30 9,17 * * *", "At 09:00, 09:30, 17:00 and 17:30"),
    ("0 22 * * *", "At 22:00"),
    ("0 9-17 * * *", "Every hour from 09:00 through 17:00"),
    ("0 9-17 * * MON-FRI", "Every hour from 09:00 through 17:00, Monday through Friday"),
    ("15 9-17 * * *", "Every hour from 09:15 through 17:15"),
    ("*/15 9-17 * * *", "Every 15 minutes from 09:00 through 17:59"),
    ("*/15 9-17 * * MON-FRI", "Every 15 minutes from 09:00 through 17:59, Monday through Friday"),
    ("* 9-17 * * *", "Every minute from 09:00 through 17:59"),
    ("* 9 * * *", "Every minute from 09:00 through 09:59"),
    ("5,10 9-17 * * *", "At minutes 5 and 10 of every hour from 09:00 through 17:59"),
    ("0 */2 * * *", "Every 2 hours"),
    ("30 */2 * * *", "Every 2 hours at minute 30"),
    ("0 */5 * * *", "Every 5 hours from 00:00 through 20:00"),
    ("15 */5 * * *", "Every 5 hours from 00:15 through 20:15"),
    ("0 */12 * * *", "Every 12 hours"),
    ("0 1/6 * * *", "Every 6 hours from 01:00 through 19:00"),
    ("0 8-18/2 * * *", "Every 2 hours from 08:00 through 18:00"),
    ("0 22-2 * * *", "Every hour from 22:00 through 02:00"),
    ("*/10 22-2 * * *", "Every 10 minutes from 22:00 through 02:59"),
    ("*/5 */2 * * *", "Every 5 minutes of every 2nd hour from 00:00 through 22:59"),
    ("*/5 9,12 * * *", "Every 5 minutes from 09:00 through 09:59 and from 12:00 through 12:59"),
    ("*/5 9,12,15 * * *", "Every 5 minutes of the hours 09, 12 and 15"),
    ("*/5 9,12-14 * * *", "Every 5 minutes from 09:00 through 09:59 and from 12:00 through 14:59"),
    ("0 9,12-14 * * *", "At 09:00 and every hour from 12:00 through 14:00"),
    ("5,10 */3 * * *", "At minutes 5 and 10 of every 3rd hour from 00:00 through 21:59"),
    ("0,15,30,45 8-18 * * *", "At minutes 0, 15, 30 and 45 of every hour from 08:00 through 18:59"),
    ("0 0,6,12,18 * * *", "At 00:00, 06:00, 12:00 and 18:00"),
    (
        "0 1,2,3,4,5,6,7,8,9,10,11,13,14 * * *",
        "At 01:00, 02:00, 03:00, 04:00, 05:00, 06:00, 07:00, 08:00, 09:00, 10:00, 11:00, 13:00 and 14:00",
    ),
    (
        "0,10,20,30,40,50 9,10,11 * * *",
        "At minutes 0, 10, 20, 30, 40 and 50 of the hours 09, 10 and 11",
    ),
    ("30 * * * * *", "Every minute, at second 30"),
    ("*/10 * * * * *", "Every 10 seconds"),
    ("* * * * * *", "Every second"),
    ("0 * * * * *", "Every minute"),
    ("0 */5 * * * *", "Every 5 minutes"),
    ("30 */5 * * * *", "Every 5 minutes, at second 30"),
    ("30 15 * * * *", "Every hour at minute 15 and second 30"),
    ("0 0 * * * *", "Every hour"),
    ("30 0 * * * *", "Every hour at minute 0 and second 30"),
    ("0 0 9 * * *", "At 09:00"),
    ("15 30 9 * * *", "At 09:30:15"),
    ("0,30 0 9 * * *", "At 09:00:00 and 09:00:30"),
    ("0-29 * * * * *", "At seconds 0 through 29 of every minute"),
    ("*/7 * * * * *", "Every 7 seconds from second 0 through 56 of every minute"),
    ("*/10 * 9-17 * * *", "Every 10 seconds from 09:00:00 through 17:59:59"),
    ("*/10 30 9 * * *", "Every 10 seconds of the minute 09:30"),
    ("* 30 9,17 * * *", "Every second of the minutes 09:30 and 17:30"),
    (
        "0-29 30 9-17 * * *",
        "At seconds 0 through 29 of minute 30 of every hour from 09:00:00 through 17:59:59",
    ),
    ("*/10 */5 * * * *", "Every 10 seconds of every 5th minute from 0 through 55 of every hour"),
    (
        "* 5,10 9-17 * * *",
        "Every second of minutes 5 and 10 of every hour from 09:00:00 through 17:59:59",
    ),
    (
        "10 5,10 9-17 * * *",
        "At minutes 5 and 10 of every hour from 09:00 through 17:59, at second 10",
    ),
    ("10,20 * * * * MON", "At seconds 10 and 20 of every minute, on Monday"),
    ("0 0 1 * *", "At 00:00, on day 1 of the month"),
    ("0 0 1,15 * *", "At 00:00, on days 1 and 15 of the month"),
    ("0 0 1-7 * *", "At 00:00, on days 1 through 7 of the month"),
    ("0 0 1,5,10-15 * *", "At 00:00, on days 1, 5 and 10 through 15 of the month"),
    ("0 0 */2 * *", "At 00:00, on every 2nd day of the month from day 1"),
    ("0 0 2/5 * *", "At 00:00, on every 5th day of the month from day 2"),
    ("0 0 1-15/3 * *", "At 00:00, on every 3rd day of the month from day 1 through day 13"),
    ("0 0 31 * *", "At 00:00, on day 31 of the month"),
    ("0 0 L * *", "At 00:00, on the last day of the month"),
    ("0 0 L-1 * *", "At 00:00, on the day before the last day of the month"),
    ("0 0 L-3 * *", "At 00:00, on the day 3 days before the last day of the month"),
    ("0 0 LW * *", "At 00:00, on the last weekday of the month"),
    ("0 0 15W * *", "At 00:00, on the weekday nearest day 15 of the month"),
    ("0 0 1,15,L * *", "At 00:00, on days 1 and 15 and the last day of the month"),
    (
        "0 0 1W,15W * *",
        "At 00:00, on the weekday nearest day 1 and the weekday nearest day 15 of the month",
    ),
    ("0 0 1 1 *", "At 00:00, on January 1"),
    ("0 0 25 12 *", "At 00:00, on December 25"),
    ("0 18 24,25 12 *", "At 18:00, on days 24 and 25 of December"),
    ("0 0 1 */3 *", "At 00:00, on day 1 of the month, in January, April, July and October"),
    ("0 0 1 1,7 *", "At 00:00, on day 1 of January and July"),
    ("0 0 1 1,4,7,10 *", "At 00:00, on day 1 of the month, in January, April, July and October"),
    ("0 0 L 2 *", "At 00:00, on the last day of February"),
    ("0 0 * 1 *", "At 00:00, in January"),
    ("0 0 * 6-8 *", "At 00:00, June through August"),
    ("0 0 * 1,3-5 *", "At 00:00, in January and March through May"),
    ("0 0 * 11-2 *", "At 00:00, November through February"),
    ("0 0 * 1-2 *", "At 00:00, in January and February"),
    ("0 0 * */5 *", "At 00:00, in January, June and November"),
    ("0 0 * * SUN", "At 00:00, on Sunday"),
    ("0 0 * * 0", "At 00:00, on Sunday"),
    ("0 0 * * 7", "At 00:00, on Sunday"),
    ("0 0 * * SAT,SUN", "At 00:00, on Saturday and Sunday"),
    ("0 0 * * 6,0", "At 00:00, on Saturday and Sunday"),
    ("0 9 * * MON,WED,FRI", "At 09:00, on Monday, Wednesday and Friday"),
    ("0 9 * * MON,WED-FRI", "At 09:00, on Monday and Wednesday through Friday"),
    ("0 9 * * */2", "At 09:00, on Sunday, Tuesday, Thursday and Saturday"),
    ("0 9 * * FRI-MON", "At 09:00, Friday through Monday"),
    ("0 9 * * SAT-SUN", "At 09:00, Saturday and Sunday"),
    ("0 9 * * FRI#2", "At 09:00, on the second Friday of the month"),
    ("0 9 * * MON#1,MON#3", "At 09:00, on the first and third Monday of the month"),
    ("0 9 * * MON#1,TUE#2", "At 09:00, on the first Monday and the second Tuesday of the month"),
    ("0 9 * * FRIL", "At 09:00, on the last Friday of the month"),
    ("0 9 * * MON,FRIL", "At 09:00, on Monday and on the last Friday of the month"),
    ("0 9 * 1 MON#1", "At 09:00, on the first Monday of January"),
    ("0 9 * 1 MON", "At 09:00, on Monday, in January"),
    ("0 0 1 * FRI", "At 00:00, on day 1 of the month or on Friday"),
    ("0 0 13 * FRI", "At 00:00, on day 13 of the month or on Friday"),
    ("0 0 1 * MON-FRI", "At 00:00, on day 1 of the month or Monday through Friday"),
    (
        "0 0 1,15 1,7 MON",
        "At 00:00, on days 1 and 15 of the month or on Monday, in January and July",
    ),
    (
        "0 0 L * FRI#2",
        "At 00:00, on the last day of the month or on the second Friday of the month",
    ),
    ("0 0 */1 * MON", "At 00:00"),
    ("0 0 */2 * MON", "At 00:00, on every 2nd day of the month from day 1 or on Monday"),
    (
        "vixie: 0 0 */2 * MON",
        "At 00:00, on every 2nd day of the month from day 1, but only if that day is Monday",
    ),
    ("vixie: 0 0 * * MON", "At 00:00, on Monday"),
    (
        "vixie: 0 0 1-7 * */2",
        "At 00:00, on days 1 through 7 of the month, but only if that day is Sunday, Tuesday, Thursday or Saturday",
    ),
    ("vixie: 0 0 1 * MON", "At 00:00, on day 1 of the month or on Monday"),
    ("posix: 0 9 * * 1-5", "At 09:00, Monday through Friday"),
    ("quartz: 0 0 9 ? * MON-FRI", "At 09:00, Monday through Friday"),
    ("quartz: 0 0 9 ? * 2-6", "At 09:00, Monday through Friday"),
    ("quartz: 0 0 9 L * ?", "At 09:00, on the last day of the month"),
    ("quartz: 0 0 9 ? * 6L", "At 09:00, on the last Friday of the month"),
    ("quartz: 0 0 12 1 1 ? 2026", "At 12:00, on January 1, in 2026"),
    ("0 0 12 1 1 * 2026", "At 12:00, on January 1, in 2026"),
    ("0 0 0 29 2 ? 2028,2032", "At 00:00, on February 29, in 2028 and 2032"),
    ("0 0 0 1 1 ? 2026-2030", "At 00:00, on January 1, from 2026 through 2030"),
    ("0 0 0 1 1 ? 2026/2", "At 00:00, on January 1, in every 2nd year from 2026"),
    ("0 0 0 1 1 ? 2026-2040/2", "At 00:00, on January 1, in every 2nd year from 2026 through 2040"),
    ("0 0 0 * * * 2026", "At 00:00, in 2026"),
    ("H * * * *", "At a minute of every hour, chosen by the job's name"),
    ("H H * * *", "At a time chosen by the job's name"),
    ("H 3 * * *", "At a time from 03:00 through 03:59 chosen by the job's name"),
    ("H H(0-5) * * *", "At a time from 00:00 through 05:59 chosen by the job's name"),
    ("H(0-29) 3 * * *", "At a time from 03:00 through 03:29 chosen by the job's name"),
    ("H/15 * * * *", "Every 15 minutes, the first chosen by the job's name"),
    (
        "H(0-29)/10 * * * *",
        "Every 10 minutes from minute 0 through 29 of every hour, the first chosen by the job's name",
    ),
    (
        "H 9-17 * * *",
        "At a minute of every hour from 09:00 through 17:59, chosen by the job's name",
    ),
    (
        "H H H * *",
        "At a time chosen by the job's name, on a day of the month chosen by the job's name",
    ),
    (
        "H H * * H",
        "At a time chosen by the job's name, on a day of the week chosen by the job's name",
    ),
    ("0 H * * *", "At minute 0 of an hour chosen by the job's name"),
    ("H H 1 * *", "At a time chosen by the job's name, on day 1 of the month"),
    ("H * * * * *", "At a second of every minute, chosen by the job's name"),
    ("0 0 * * 1-7", "At 00:00"),
    ("0-59 * * * *", "Every minute"),
    ("0 0 1-31 * *", "At 00:00"),
    ("0 0 1-31 * MON", "At 00:00"),
    ("@hourly", "Every hour"),
    ("@daily", "At 00:00"),
    ("@weekly", "At 00:00, on Sunday"),
    ("@monthly", "At 00:00, on day 1 of the month"),
    ("@yearly", "At 00:00, on January 1"),
    ("0 9 * * MON-FRI in Europe/Berlin", "At 09:00, Monday through Friday, in Europe/Berlin"),
    ("0 9 * 1 * in Asia/Tokyo", "At 09:00, in January, in Asia/Tokyo"),
    ("0 9 * * * in +02:00", "At 09:00, in +02:00"),
    (
        "@daily starting 2026-01-01 ending 2026-12-31 limit 10 spread 5m excluding 2026-12-25,2026-12-26",
        "At 00:00, starting 2026-01-01 00:00 UTC, before 2027-01-01 00:00 UTC, at most 10 times, spread over 5 minutes by the job's name, except on 2026-12-25 and 2026-12-26",
    ),
    (
        "@daily in Europe/Berlin starting 2026-06-01T09:00 limit 1",
        "At 00:00, in Europe/Berlin, starting 2026-06-01 09:00 +02:00, at most once",
    ),
    ("@every 15m", "Every 15 minutes, counted from when it is added"),
    ("@every 90m", "Every 90 minutes, counted from when it is added"),
    ("@every 1h", "Every hour, counted from when it is added"),
    ("@every 24h", "Every 24 hours, counted from when it is added"),
    (
        "@every 1d12h30m5s",
        "Every 36 hours, 30 minutes and 5 seconds, counted from when it is added",
    ),
    ("@every 1500ms", "Every 1 second and 500 milliseconds, counted from when it is added"),
    ("@every 1ns", "Every nanosecond, counted from when it is added"),
    (
        "@every 1h30m starting 2026-01-01T00:00:00Z",
        "Every 90 minutes, starting 2026-01-01 00:00 UTC",
    ),
    (
        "@every 1h30m since 2026-01-01T00:00:00Z limit 5",
        "Every 90 minutes, counted from 2026-01-01 00:00 UTC, at most 5 times",
    ),
    ("@at 2026-12-01T09:00:00Z", "Once, at 2026-12-01 09:00 UTC"),
    ("@at 2026-12-01T09:00 in Europe/Berlin", "Once, at 2026-12-01 09:00 +01:00, in Europe/Berlin"),
    ("H(0-29) * * * *", "At a minute from 0 through 29 of every hour, chosen by the job's name"),
    ("0 H(0-5) * * *", "At minute 0 of an hour from 0 through 5 chosen by the job's name"),
    ("0 H/6 * * *", "At minute 0 of every 6th hour, the first chosen by the job's name"),
    ("0 0 2/20 * *", "At 00:00, on days 2 and 22 of the month"),
    (
        "0 0 H(1-15) * *",
        "At 00:00, on a day from 1 through 15 of the month chosen by the job's name",
    ),
    (
        "H H(9-16)/2 * * *",
        "At a minute of every 2nd hour from 9 through 16, both chosen by the job's name",
    ),
    ("0 */10 * * *", "Every 10 hours from 00:00 through 20:00"),
    (
        "0 0 L-2,15W * FRI",
        "At 00:00, on the day 2 days before the last day and the weekday nearest day 15 of the month or on Friday",
    ),
    (
        "0 0 1 2-4 MON#1",
        "At 00:00, on day 1 of the month or on the first Monday of the month, February through April",
    ),
    ("0 12 * 3 MON,WED", "At 12:00, on Monday and Wednesday, in March"),
    ("0 12 13 * FRI#2", "At 12:00, on day 13 of the month or on the second Friday of the month"),
    ("30 23 31 12 *", "At 23:30, on December 31"),
    ("5 4 * * SUN", "At 04:05, on Sunday"),
    (
        "0 0,12 1 */2 *",
        "At 00:00 and 12:00, on day 1 of the month, in January, March, May, July, September and November",
    ),
    ("17 3 * * * in America/New_York", "At 03:17, in America/New_York"),
    ("15,45 */4 * * *", "At minutes 15 and 45 of every 4th hour from 00:00 through 20:59"),
];

#[test]
fn every_line_reads_well() {
    for (text, sentence) in TABLE {
        check(text, sentence);
    }
}

#[test]
fn a_named_spread_tells_its_offset() {
    let schedule: Schedule = "@hourly spread 10m".parse().unwrap();
    let sentence = schedule.for_name("backup").describe();
    assert!(sentence.starts_with("Every hour, each "), "{sentence}");
    assert!(sentence.ends_with(" later (a spread of 10 minutes)"), "{sentence}");
}

/// English reads most sentences back; those that it reads must mean the same times.
#[test]
fn sentences_that_english_reads_mean_the_same_times() {
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut read = 0;
    for (text, sentence) in TABLE {
        let Ok(back) = sentence.parse::<Schedule>() else { continue };
        let schedule: Schedule = text.parse().unwrap();
        let times = |it: &Schedule| it.upcoming(start).take(100).collect::<Vec<_>>();
        assert_eq!(times(&back), times(&schedule), "{text}: {sentence}");
        read += 1;
    }
    assert!(read >= READ_BACK_MIN, "only {read}");
}

const READ_BACK_MIN: usize = 80;
