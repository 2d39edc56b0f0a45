//! What the API can do, and how a person does the rest in the dashboard.
//!
//! Must not know: the key's last letters; the stage shows them beside these steps.

use crate::base::SecretRef;
use crate::effect::ProviderOp;
use crate::effect::provider::{KeyRow, OwnerKind};
use crate::providers::{Instructions, Support};

/// Where keys are listed, made and deleted. Named by the API's own error message for a dead key.
const KEYS: &str = "https://platform.openai.com/api-keys";

// The pages below are from memory: the vendor moves them now and then. Each step names its menu too.
const USAGE: &str = "https://platform.openai.com/settings/organization/usage";
const ADMIN_KEYS: &str = super::answer::ADMIN_PAGE;
const PROJECTS: &str = "https://platform.openai.com/settings/organization/projects";

pub(super) fn support(op: &ProviderOp, has_admin: bool) -> Support {
    match op {
        ProviderOp::Probe { key: SecretRef::Leaked | SecretRef::Replacement } => Support::Api,
        ProviderOp::Probe { key: SecretRef::Admin } if !has_admin => {
            Support::Never("there is no admin key here to probe".into())
        }
        ProviderOp::RevokeAccount { row, .. } if row.admin || row.owner.kind != OwnerKind::ServiceAccount => {
            Support::Never(format!(
                "the key belongs to {} {}, not to a service account",
                row.owner.kind.words(),
                row.owner.name
            ))
        }
        ProviderOp::Issue { project, .. } if project.is_empty() => issue_admin_key(),
        ProviderOp::FindIssued { project, .. } | ProviderOp::Discard { project, .. } if project.is_empty() => {
            Support::Never("service accounts belong to projects, and this key belongs to none".into())
        }
        _ if has_admin => Support::Api,
        ProviderOp::Locate => by_hand(
            KEYS,
            &[
                "sign in as an owner of the organisation the key belongs to",
                "open API keys (Settings, then API keys) and choose each project in turn, archived ones too",
                "find the row whose start and last four letters are the leaked key's",
                "write down its name, project, owner, and when it was created and last used: the page forgets them on deletion",
            ],
        ),
        ProviderOp::Revoke { row } => by_hand(
            if row.admin { ADMIN_KEYS } else { KEYS },
            &[
                "find the row whose start and last four letters are the leaked key's",
                "compare its owner and creation date with what is shown here",
                "delete it with the bin at the end of the row, and confirm",
                "if the page refuses because a service account owns it, delete the service account in its project's settings",
            ],
        ),
        ProviderOp::RevokeAccount { row, .. } => revoke_account(row),
        ProviderOp::Usage { .. } => by_hand(
            USAGE,
            &[
                "open Usage (Settings, then Organisation, then Usage)",
                "filter by the leaked key, group by model, and set the dates from before the leak until now",
                "look for models, hours and amounts that are not yours, and note the total cost",
                "then open Audit logs (if your organisation switched them on): keys, accounts, people or invites made since the leak",
            ],
        ),
        ProviderOp::FindIssued { name, .. } => by_hand(
            PROJECTS,
            &[
                "open the leaked key's project, then Members, then Service accounts",
                &format!("look for one named {name}"),
            ],
        ),
        ProviderOp::Issue { name, .. } => by_hand(
            PROJECTS,
            &[
                "open the leaked key's project, then Members, then Service accounts",
                &format!("create a service account named {name}; its key is shown once"),
                "paste the key here at the hidden prompt, nowhere else: not in a chat, a note or a shell command",
            ],
        ),
        ProviderOp::Discard { issued, .. } => by_hand(
            PROJECTS,
            &[
                "open the project, then Members, then Service accounts",
                &format!("delete the one named {} ({})", issued.name, issued.account_id),
            ],
        ),
        ProviderOp::Probe { .. } => Support::Api,
    }
}

fn revoke_account(row: &KeyRow) -> Support {
    by_hand(
        PROJECTS,
        &[
            &format!("open project {}, then Members, then Service accounts", row.project_name),
            &format!("find {} ({})", row.owner.name, row.owner.id),
            "look at its keys: all of them die with it",
            "delete it and confirm",
        ],
    )
}

fn issue_admin_key() -> Support {
    by_hand(
        ADMIN_KEYS,
        &[
            "a service account's key can't replace an admin key: it is made here by an organisation owner",
            "create a new admin key with only the permissions its user needs, and an end date",
            "paste it here at the hidden prompt, nowhere else",
        ],
    )
}

fn by_hand(page: &str, steps: &[&str]) -> Support {
    Support::ByHand(Instructions {
        page: page.to_owned(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stamp;
    use crate::effect::provider::{Issued, Owner, Window};

    fn row(kind: OwnerKind) -> KeyRow {
        let text = || "x".to_owned();
        let owner = Owner { kind, id: text(), name: "bot".into() };
        let (id, name, redacted, project_id, project_name) = (text(), text(), text(), text(), text());
        KeyRow { id, name, redacted, project_id, project_name, created: None, last_used: None, owner, admin: false }
    }

    #[test]
    fn without_an_admin_key_everything_but_a_probe_is_by_hand() {
        let account = row(OwnerKind::ServiceAccount);
        let (project, name) = ("p".to_owned(), "n".to_owned());
        let issued = Issued {
            key_id: String::new(),
            account_id: "s".into(),
            name: name.clone(),
            project_id: project.clone(),
            created: None,
            print: None,
        };
        let window = Window { baseline: Stamp(0), from: Stamp(1), to: Stamp(2) };
        let ops = [
            ProviderOp::Locate,
            ProviderOp::Revoke { row: account.clone() },
            ProviderOp::RevokeAccount { row: account.clone(), dies: vec![] },
            ProviderOp::Usage { row: account, window },
            ProviderOp::FindIssued { project: project.clone(), name: name.clone() },
            ProviderOp::Issue { project: project.clone(), name },
            ProviderOp::Discard { project, issued },
        ];
        for op in ops {
            let Support::ByHand(how) = support(&op, false) else { panic!("{op:?}") };
            assert!(how.page.starts_with("https://platform.openai.com/") && how.steps.len() > 1, "{how:?}");
            assert_eq!(support(&op, true), Support::Api);
        }
        for has_admin in [true, false] {
            assert_eq!(support(&ProviderOp::Probe { key: SecretRef::Leaked }, has_admin), Support::Api);
            let user = ProviderOp::RevokeAccount { row: row(OwnerKind::User), dies: vec![] };
            assert!(matches!(support(&user, has_admin), Support::Never(_)));
        }
    }
}
