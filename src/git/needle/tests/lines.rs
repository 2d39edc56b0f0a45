//! A key over several lines: cut by a tool that wraps, or of many lines itself.
//!
//! Must not know: codes.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_key_cut_by_a_tool_that_wraps_is_found_and_the_breaks_stay(
        key in "[A-Za-z0-9_+/.]{1}[A-Za-z0-9_+/=.-]{14,150}[A-Za-z0-9]", at in 0usize..60, width in 20usize..80,
        ending in prop::sample::select(vec!["\\\n", "=\n", "=\r\n", "\n", "\n    ", "\\n", "\" +\n  \"", "' \\\n '", "\" \"", "\n# "]),
    ) {
        let text = format!("{}{key} tail", "x".repeat(at) + " ");
        let cut = wrapped(&text, width, ending);
        let clean = string(replaced(&key, cut.as_bytes()).unwrap_or_else(|| panic!("{cut}")));
        prop_assert_eq!(clean.matches(ending).count(), cut.matches(ending).count());
        prop_assert_eq!(clean.replace(ending, ""), format!("{} {PLACEHOLDER} tail", "x".repeat(at)));
    }
}

#[test]
fn a_key_of_many_lines_is_found_with_other_line_ends_and_indented() {
    let mut key = String::from("-----BEGIN X-----\n");
    for n in 0..6 {
        writeln!(key, "{}", "Qz7xW9".repeat(10 - n % 2)).unwrap();
    }
    key.push_str("-----END X-----");
    for (ending, form) in
        [("\r\n", "plain with CRLF"), ("\n", "plain"), ("\n    ", ""), ("\\n", ""), ("\\\\n", ""), (" ", "")]
    {
        let text = format!("key: {}{ending}z", key.replace('\n', ending));
        assert_eq!(
            string(replaced(&key, text.as_bytes()).unwrap()),
            format!("key: {PLACEHOLDER}{ending}z"),
            "{ending:?}"
        );
        let needles = Needles::new(&[key.replace('\n', "\r\n").as_bytes()]).unwrap();
        let found = needles.search().form_in(text.as_bytes()).unwrap();
        assert!(form.is_empty() || found == form, "{found}");
    }
}
