//! Times as facts tell them, in seconds: `90s`, `12h`, `1h 30min`, cron expressions.

/// The seconds of a duration as facts tell it; none for what is not one.
pub(super) fn seconds(told: &str) -> Option<u64> {
    let told = told.trim();
    let mut total = 0_u64;
    let mut rest = told;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            // Less than a second is next to nothing here.
            "ms" | "us" | "ns" => 0,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest[end..].trim_start();
    }
    (!told.is_empty()).then_some(total)
}

/// How long passes between two runs of a cron expression, when it is the same every time of the day: `0 */5 * * * *`, `@hourly`.
pub(super) fn between_runs(cron: &str) -> Option<u64> {
    match cron.trim() {
        "@hourly" => return Some(3_600),
        "@daily" | "@midnight" => return Some(86_400),
        "@weekly" => return Some(604_800),
        _ => {}
    }
    let fields: Vec<&str> = cron.split_whitespace().collect();
    // Five fields begin with minutes; six or seven with seconds.
    let fields = match fields.len() {
        5 => fields,
        6 | 7 if is_number(fields[0]) => fields[1..].to_vec(),
        _ => return None,
    };
    let any = |at: usize| fields.get(at).is_none_or(|field| matches!(*field, "*" | "?"));
    let each = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.strip_prefix("*/").or_else(|| field.strip_prefix("0/")))
            .and_then(|text| text.parse::<u64>().ok())
    };
    let days = any(2) && any(3) && any(4);
    match (fields[0], fields[1]) {
        ("*", "*") if days => Some(60),
        (_, "*") if days && each(0).is_some() => each(0).map(|every| every * 60),
        (minute, "*") if days && is_number(minute) => Some(3_600),
        (minute, _) if days && is_number(minute) && each(1).is_some() => each(1).map(|every| every * 3_600),
        (minute, hour) if days && is_number(minute) && is_number(hour) => Some(86_400),
        _ => None,
    }
}

/// Seconds as people say them: `5 min`, `12 h`.
pub(super) fn told(seconds: u64) -> String {
    match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s >= 3_600 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s >= 60 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{between_runs, seconds, told};

    #[test]
    fn durations_are_read_as_facts_tell_them() {
        assert_eq!(
            ["90s", "12h", "1h 30min", "30min", "7d", "200ms"].map(seconds),
            [Some(90), Some(43_200), Some(5_400), Some(1_800), Some(604_800), Some(0)]
        );
        assert_eq!(["", "90d or 30d", "2h or as given", "none", "12"].map(seconds), [None; 5]);
        assert_eq!([told(300), told(43_200), told(90), told(86_400)], ["5 min", "12 h", "90 s", "1 d"]);
    }

    #[test]
    fn crons_that_repeat_evenly_have_a_time_between_runs() {
        assert_eq!(
            ["0 */5 * * * *", "*/10 * * * *", "0 0 3 * * *", "15 * * * *", "@hourly", "0 0 */6 * * *"].map(between_runs),
            [Some(300), Some(600), Some(86_400), Some(3_600), Some(3_600), Some(21_600)]
        );
        assert_eq!(["0 3 * * 1", "0 9-17 * * *", "often", "1,2 * * * *"].map(between_runs), [None; 4]);
    }
}
