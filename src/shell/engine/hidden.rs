//! Hidden values on their way into the vault: given by a person, or made by a colleague.
//!
//! Must not know: who typed them.

use std::collections::BTreeSet;

use crate::app::Msg;
use crate::base::{Fault, Secret, SecretRef};
use crate::incident::Event;
use crate::shell::writer::Command;

use super::{Engine, FrontOrder, In};

impl Engine {
    /// A hidden value was given: it goes to the vault, its print to the journal.
    pub fn took(&mut self, role: SecretRef, secret: Secret) -> Vec<FrontOrder> {
        let print = secret.fingerprint(self.vault.salt());
        if role == SecretRef::Replacement && print.hash == self.app.incident.opened.key.hash {
            let fault = Fault::input("this key was not taken", "it is the leaked one")
                .hint("make a new key on the provider's page and paste that");
            return self.put(Msg::NotTaken(fault));
        }
        let print = self.vault.put(role, secret);
        let mut asked = self.put(Msg::Held(self.held()));
        self.send(Command::Append(Event::Took { role, print }));
        asked.extend(self.put(Msg::Now(self.clock.now())));
        asked
    }

    /// Asks the colleague of a drill for a key, instead of a paste. `false`: there is nobody to ask.
    pub fn ask_colleague(&mut self) -> bool {
        let Some(beside) = &mut self.beside else { return false };
        let name = crate::stages::issue::name(&self.app.view("issue"));
        let made = beside.made_key(name);
        let out = self.sender.clone();
        self.helpers += 1;
        tokio::spawn(async move {
            let _ = out.send(In::Made(made.await));
        });
        true
    }

    pub fn held(&self) -> BTreeSet<SecretRef> {
        [SecretRef::Leaked, SecretRef::Replacement, SecretRef::Admin]
            .into_iter()
            .filter(|r| self.vault.has(*r))
            .collect()
    }
}
