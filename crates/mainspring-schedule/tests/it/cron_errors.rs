//! Points at what is wrong in an expression and says what would be right.

use mainspring_schedule::{Cron, Dialect, Error};

/// `pointed` is the input with `^` under the culprit.
#[track_caller]
fn check(error: Error, pointed: &str, problem: &str, allowed: &str) {
    let carets = error.pointer().lines().nth(1).unwrap_or_default().to_owned();
    assert_eq!(carets, pointed, "{error}\n{}", error.pointer());
    assert_eq!(error.problem(), problem);
    assert!(error.allowed().contains(allowed), "{:?}", error.allowed());
}

#[track_caller]
fn rejected(text: &str, pointed: &str, problem: &str, allowed: &str) {
    check(Cron::parse(text).unwrap_err(), pointed, problem, allowed);
}

#[track_caller]
fn rejected_as(dialect: Dialect, text: &str, pointed: &str, problem: &str, allowed: &str) {
    check(Cron::parse_as(text, dialect).unwrap_err(), pointed, problem, allowed);
}

#[test]
fn numbers() {
    rejected(
        "60 * * * *",
        "^^",
        "60 is too large for the minute",
        "0-59, *, ranges, lists and steps",
    );
    rejected("0 5,24 * * *", "    ^^", "24 is too large for the hour", "0-23");
    rejected("0 0 0 * *", "    ^", "0 is too small for the day of month", "1-31");
    rejected("0 0 * 13 *", "      ^^", "13 is too large for the month", "1-12, JAN-DEC");
    rejected("0 0 * * 1-8", "          ^", "8 is too large for the weekday", "0-7");
    rejected("0 0 * * * * 1969", "            ^^^^", "1969 is too small for the year", "1970-9999");
    let huge = "99999999999999999999 is too large for the minute";
    rejected("99999999999999999999 * * * *", "^^^^^^^^^^^^^^^^^^^^", huge, "0-59");
    rejected("* * * * MON#6", "            ^", "a month has no 6th such weekday", "1-5");
    rejected("* * L-31 * *", "      ^^", "no month has so many days before its last one", "0-30");
}

#[test]
fn steps_ranges_and_lists() {
    rejected("*/0 * * * *", "  ^", "a step of 0 never moves on", "1 to 9999");
    rejected("*/ * * * *", "  ^", "the step is missing", "1 to 9999");
    rejected("*/x * * * *", "  ^", "the step is missing", "1 to 9999");
    rejected("*/10000 * * * *", "  ^^^^^", "the step is too large", "1 to 9999");
    rejected("*/1.5 * * * *", "   ^", "unexpected `.` in the minute", "0-59");
    rejected("*/2/3 * * * *", "   ^", "unexpected `/` in the minute", "0-59");
    rejected("1- * * * *", " ^", "the end of the range is missing", "0-59");
    rejected("1-2-3 * * * *", "   ^", "unexpected `-` in the minute", "0-59");
    rejected("-5 * * * *", "^", "unexpected `-` in the minute", "0-59");
    rejected("1,,2 * * * *", "  ^", "an item of the list is empty", "0-59");
    rejected("1, * * * *", " ^", "an item of the list is empty", "0-59");
    rejected(",1 * * * *", "^", "an item of the list is empty", "0-59");
    rejected("* * 15W/2 * *", "       ^", "`15W` takes no step", "LW, 15W");
    rejected("* * 1-5W * *", "       ^", "unexpected `W` in the day of month", "LW, 15W");
    let years = "0 0 0 1 1 * 2030-2025";
    rejected(years, "                ^^^^^", "the range ends before it begins", "1970-9999");
}

#[test]
fn words_and_strange_characters() {
    rejected("* MON * * *", "  ^^^", "`MON` is a weekday, and this is the hour", "0-23");
    rejected("* * * FRI *", "      ^^^", "`FRI` is a weekday, and this is the month", "JAN-DEC");
    rejected(
        "* * * * MONDAY",
        "        ^^^^^^",
        "`MONDAY` is not a name; names have three letters",
        "SUN-SAT",
    );
    rejected("* * * * MON-X", "            ^", "unexpected `X` in the weekday", "SUN-SAT");
    rejected("5x * * * *", " ^", "unexpected `x` in the minute", "0-59");
    rejected("0 0 * *; *", "       ^", "unexpected `;` in the month", "JAN-DEC");
    rejected("* 五 * * *", "  ^", "unexpected `五` in the hour", "0-23");
    rejected("* * １ * *", "    ^", "unexpected `１` in the day of month", "1-31");
    rejected("* * \u{1b} * *", "    ^", "unexpected `\\u{1b}` in the day of month", "1-31");
    rejected("? * * * *", "^", "`?` belongs to the two day fields, not to the minute", "0-59");
    rejected("* * ?,1 * *", "    ^", "`?` stands alone in its field", "1-31, *, ?");
    rejected("* * * * L", "        ^", "unexpected `L` in the weekday", "FRIL");
    rejected("H( * * * *", " ^", "a number is missing after `H(`", "H(0-29)/10");
    rejected("H(5) * * * *", " ^^", "`-` is missing after `H(`", "H(0-29)/10");
    rejected("H(9-5) * * * *", " ^^^^^", "the range ends before it begins", "H(0-29)/10");
}

#[test]
fn counts_of_fields_and_aliases() {
    let fields = "5 fields (minute, hour, day of month, month, weekday), 6 with";
    rejected("* * * *", "       ^", "too few fields: 4 fields", fields);
    rejected("  ", "  ^", "nothing to read", fields);
    rejected(
        "1 2 3 4 5 6 2025 8 9",
        "                 ^",
        "too many fields: number 8 is one too many",
        fields,
    );
    rejected("hourly", "^^^^^^", "a single word, perhaps @hourly?", fields);
    rejected("@dailyy", "^^^^^^^", "unknown alias, perhaps @daily?", "@hourly, @daily");
    rejected("@hour ly", "^^^^^^^^", "unknown alias, perhaps @hourly?", "@hourly, @daily");
    rejected("@foo", "^^^^", "unknown alias", "@hourly, @daily");
    rejected(
        "@reboot",
        "^^^^^^^",
        "`@reboot` is not a time; only a crontab may have it",
        "@hourly",
    );
    rejected("@every 5m", "^^^^^^^^^", "`@every` is an interval, not a cron expression", "@hourly");
}

#[test]
fn what_a_dialect_has_not() {
    use Dialect::{Posix, Quartz, Vixie};
    rejected_as(
        Posix,
        "*/5 * * * *",
        " ^",
        "the posix dialect has no steps",
        "0-59, *, ranges and lists",
    );
    rejected_as(
        Posix,
        "0 0 * * MON",
        "        ^^^",
        "the posix dialect has no names",
        "0-6 (0 is Sunday)",
    );
    rejected_as(Posix, "0 0 * * 7", "        ^", "7 is too large for the weekday", "0-6");
    rejected_as(Posix, "0 0 ? * *", "    ^", "the posix dialect has no `?`", "1-31");
    rejected_as(
        Posix,
        "0 0 * * 5-2",
        "         ^^",
        "the range wraps, which the posix dialect has not",
        "0-6",
    );
    rejected_as(
        Posix,
        "0 0 0 * * *",
        "          ^",
        "too many fields: number 6 is one too many",
        "5 fields",
    );
    rejected_as(Posix, "@daily", "^^^^^^", "the posix dialect has no aliases", "5 fields");
    rejected_as(
        Vixie,
        "5/10 * * * *",
        " ^",
        "a step follows `*` or a range, not the single `5`",
        "0-59",
    );
    rejected_as(Vixie, "0 0 L * *", "    ^", "unexpected `L` in the day of month", "1-31");
    rejected_as(
        Vixie,
        "0 0 * * FRI-MON",
        "           ^^^^",
        "the range wraps, which the vixie dialect has not",
        "SUN-SAT",
    );
    rejected_as(Vixie, "H 0 * * *", "^", "unexpected `H` in the minute", "0-59");
    let one_of_them = "exactly one of the two day fields must be `?`";
    rejected_as(Quartz, "0 0 0 * * *", "          ^", one_of_them, "1-7 (1 is Sunday)");
    rejected_as(Quartz, "0 0 0 ? * ?", "          ^", one_of_them, "1-7 (1 is Sunday)");
    rejected_as(
        Quartz,
        "0 0 0 ? * 0",
        "          ^",
        "0 is too small for the weekday",
        "1-7 (1 is Sunday)",
    );
    rejected_as(Quartz, "0 0 * * ?", "         ^", "too few fields: 5 fields", "6 fields");
    rejected_as(
        Quartz,
        "0 0 0 1 1 ? 2100",
        "            ^^^^",
        "2100 is too large for the year",
        "1970-2099",
    );
    rejected_as(Quartz, "@daily", "^^^^^^", "the quartz dialect has no aliases", "6 fields");
}

#[test]
fn a_dialect_has_a_name() {
    for dialect in [Dialect::Default, Dialect::Posix, Dialect::Vixie, Dialect::Quartz] {
        assert_eq!(dialect.to_string().to_uppercase().parse::<Dialect>().unwrap(), dialect);
    }
    let error = "quarts".parse::<Dialect>().unwrap_err();
    check(error, "^^^^^^", "unknown dialect, perhaps quartz?", "default, posix, vixie, quartz");
}
