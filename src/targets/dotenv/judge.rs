//! Should a new key go there at all? What names and files of this format tell.
//!
//! Must not know: the disk. Facts: the bundlers' documented prefixes; docker's `--env-file` takes quotes literally.

use crate::targets::{Judgement, Quote, Span};

/// Variables of these names are built into what browsers and phones download.
const SHIPPED: [(&str, &str); 8] = [
    ("NEXT_PUBLIC_", "Next.js"),
    ("VITE_", "Vite"),
    ("REACT_APP_", "Create React App"),
    ("EXPO_PUBLIC_", "Expo"),
    ("NUXT_PUBLIC_", "Nuxt"),
    ("GATSBY_", "Gatsby"),
    ("VUE_APP_", "Vue CLI"),
    ("PUBLIC_", "SvelteKit and Astro"),
];

pub(super) fn judge(file_name: &str, spans: &[Span], holding: &[usize]) -> Judgement {
    let held: Vec<&Span> = holding.iter().filter_map(|i| spans.get(*i)).collect();
    let blocked = held.iter().find_map(|span| {
        let (_, maker) = SHIPPED.iter().find(|(prefix, _)| span.name.starts_with(prefix))?;
        Some(format!(
            "{} (line {}) is shipped to browsers by {maker}: a new key must not go there. Call the vendor from a server, \
             then remove the variable",
            span.name, span.line
        ))
    });
    let mut warnings = Vec::new();
    let mut names: Vec<&str> = held.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let lines: Vec<String> = spans.iter().filter(|s| s.name == name).map(|s| s.line.to_string()).collect();
        if lines.len() > 1 {
            warnings.push(format!(
                "{name} is set {} times (lines {}): loaders differ, most take the last",
                lines.len(),
                lines.join(", ")
            ));
        }
    }
    if literal_quotes(file_name) && held.iter().any(|span| span.quote != Quote::None) {
        warnings.push(
            "docker's --env-file keeps the quotes as part of the value: check that the program expects that".into(),
        );
    }
    if sample(file_name) {
        warnings
            .push("its name says that it is an example: a real key does not belong there, a made-up one does".into());
    }
    Judgement { blocked, warnings }
}

/// Names people give to files for `docker run --env-file`.
fn literal_quotes(file_name: &str) -> bool {
    file_name.rsplit('.').next() == Some("list") || file_name.starts_with("docker.") || file_name.contains(".docker")
}

fn sample(file_name: &str) -> bool {
    file_name.split(['.', '-', '_']).any(|part| matches!(part, "example" | "sample" | "template" | "dist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(name: &str, line: u32, quote: Quote) -> Span {
        Span { name: name.into(), line, value: 0..0, quote }
    }

    #[test]
    fn a_browser_variable_is_blocked_only_where_it_holds_the_key() {
        let spans = [span("OPENAI_API_KEY", 1, Quote::None), span("VITE_KEY", 2, Quote::None)];
        assert_eq!(judge(".env", &spans, &[0]), Judgement::default());
        let why = judge(".env", &spans, &[0, 1]).blocked.unwrap();
        assert!(why.contains("VITE_KEY (line 2)") && why.contains("must not go there"), "{why}");
    }

    #[test]
    fn says_what_surprises_people() {
        let spans = [span("KEY", 1, Quote::Double), span("KEY", 7, Quote::None)];
        let warnings = judge("env.list", &spans, &[0]).warnings;
        assert!(warnings[0].contains("2 times (lines 1, 7)"), "{warnings:?}");
        assert!(warnings[1].contains("keeps the quotes"), "{warnings:?}");
        assert!(judge(".env.example", &[], &[]).warnings[0].contains("example"));
    }
}
