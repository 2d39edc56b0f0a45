//! What keeps it from happening again.
//!
//! Must not know: the incident; it is the same advice for each.

/// Advice with a place in every report: what the articles on securing keys name, corrected where they are wrong.
pub const PREVENTION: [&str; 7] = [
    ".env belongs into .gitignore, and must not be tracked: git rm --cached .env",
    "A pre-commit scanner (gitleaks, trufflehog, detect-secrets, ggshield) with a planted fake to prove it works",
    "GitHub push protection and secret scanning on; resolve the GitGuardian or GitHub alert as revoked",
    "One key per service and per person, in its own project, with the least scopes and an expiry",
    "A monthly limit and alerts per project; limits do not stop spending at once",
    "A secret manager (AWS, GCP, Vault) or the platform's own settings instead of files and Docker ENV lines",
    "Rotate every 30 to 90 days, and run this drill once a month",
];
