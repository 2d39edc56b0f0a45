//! What may be shown and stored of a key: its fingerprint, and what its shape says it is.
//!
//! Must not know: any key's bytes beyond the ones a fingerprint shows.

use serde::{Deserialize, Serialize};

/// What a person may see of a key: `sk-proj-...9f3a`, dots as the vendor's own pages have them; the same in every
/// terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The vendor's fixed start (`sk-proj-`); empty when unknown.
    pub prefix: String,
    pub last4: String,
    /// SHA-256 over the incident's salt and the value, hexadecimal.
    pub hash: String,
    pub kind: KeyKind,
    /// Bytes.
    pub length: usize,
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}...{}", self.prefix, self.last4)
    }
}

/// What a key's shape says it is. Facts: the vendors' documented forms. What is of none of them is taken only when a
/// person insists (`shell/input/doubt.rs`): a provider refuses a wrong key just as it refuses a dead one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    OpenAiProject,
    OpenAiServiceAccount,
    OpenAiAdmin,
    OpenAiNone,
    OpenAiLegacy,
    /// Another vendor's: one of `OTHERS`.
    OtherVendor,
    Unknown,
}

impl KeyKind {
    /// Longest prefix first.
    const PREFIXES: [(&'static str, Self); 6] = [
        ("sk-svcacct-", Self::OpenAiServiceAccount),
        ("sk-service-", Self::OpenAiServiceAccount),
        ("sk-admin-", Self::OpenAiAdmin),
        ("sk-proj-", Self::OpenAiProject),
        ("sk-None-", Self::OpenAiNone),
        ("sk-", Self::OpenAiLegacy),
    ];

    pub fn of(text: &str) -> Self {
        if Self::vendor(text).is_some() {
            return Self::OtherVendor;
        }
        Self::PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix)).map_or(Self::Unknown, |(_, kind)| *kind)
    }

    /// The vendor's fixed start of the key `text`; empty when unknown.
    pub fn prefix_of(text: &str) -> &'static str {
        let others = OTHERS.iter().map(|(prefix, _)| *prefix);
        let own = Self::PREFIXES.iter().map(|(prefix, _)| *prefix);
        others.chain(own).find(|prefix| text.starts_with(prefix)).unwrap_or_default()
    }

    /// Whose key `text` is, when it is another vendor's.
    pub fn vendor(text: &str) -> Option<&'static str> {
        OTHERS.iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, vendor)| *vendor)
    }

    pub fn is_openai(self) -> bool {
        !matches!(self, Self::OtherVendor | Self::Unknown)
    }

    /// For people: what it is.
    pub fn words(self) -> &'static str {
        match self {
            Self::OpenAiProject => "OpenAI project key",
            Self::OpenAiServiceAccount => "OpenAI service account key",
            Self::OpenAiAdmin => "OpenAI admin key",
            Self::OpenAiNone => "OpenAI key without a project",
            Self::OpenAiLegacy => "OpenAI user key (legacy form)",
            Self::OtherVendor => "a key of another vendor",
            Self::Unknown => "a key of unknown form",
        }
    }
}

/// Starts of other vendors' keys. Facts: their documentation of key formats.
const OTHERS: [(&str, &str); 23] = [
    ("sk-ant-", "Anthropic"),
    ("sk-or-", "OpenRouter"),
    ("AKIA", "AWS"),
    ("ASIA", "AWS"),
    ("ghp_", "GitHub"),
    ("gho_", "GitHub"),
    ("ghs_", "GitHub"),
    ("ghu_", "GitHub"),
    ("ghr_", "GitHub"),
    ("github_pat_", "GitHub"),
    ("glpat-", "GitLab"),
    ("xoxb-", "Slack"),
    ("xoxp-", "Slack"),
    ("hf_", "Hugging Face"),
    ("gsk_", "Groq"),
    ("AIza", "Google"),
    ("sk_live_", "Stripe"),
    ("sk_test_", "Stripe"),
    ("rk_live_", "Stripe"),
    ("npm_", "npm"),
    ("pypi-", "PyPI"),
    ("SG.", "SendGrid"),
    ("xai-", "xAI"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_prefix() {
        assert_eq!(KeyKind::of("sk-svcacct-1"), KeyKind::OpenAiServiceAccount);
        assert_eq!(KeyKind::of("sk-ant-api03-1"), KeyKind::OtherVendor);
        assert_eq!(KeyKind::of("sk-1"), KeyKind::OpenAiLegacy);
        assert_eq!(KeyKind::of("ghp_1"), KeyKind::OtherVendor);
        assert_eq!((KeyKind::vendor("AKIA1"), KeyKind::prefix_of("sk-or-v1-1")), (Some("AWS"), "sk-or-"));
        assert_eq!((KeyKind::of("\"sk-proj-1"), KeyKind::prefix_of("x")), (KeyKind::Unknown, ""));
    }
}
