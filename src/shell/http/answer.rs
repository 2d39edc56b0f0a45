//! What may be seen of an answer, and of a fault: the secrets compared, captured and cleaned out.
//!
//! Must not know: how it came.

use serde_json::Value;
use zeroize::Zeroizing;

use super::{Http, Raw};
use crate::base::{Fault, Fingerprint, KeyKind, Secret};
use crate::providers::{Answer, Provider, Request};
use crate::shell::redact::{clean_json, fits, mask, snippet};

impl Http {
    /// What the provider may see of an answer: compared, captured, then cleaned, in this order.
    pub(in crate::shell) fn answer(
        &self,
        provider: &'static dyn Provider,
        request: &Request,
        signer: &Secret,
        raw: &Raw,
    ) -> Answer {
        let mut json: Option<Value> = serde_json::from_slice(&raw.body).ok();
        let matched = json.as_ref().map(|json| self.matched(request, json)).unwrap_or_default();
        let good = (200..300).contains(&raw.status);
        let captured = json.as_mut().filter(|_| good).and_then(|json| self.capture(request, json));
        // An answer that was to carry a new key may carry it elsewhere: then everything of a key's shape goes.
        let wary = request.capture.is_some();
        if let Some(json) = &mut json {
            clean_json(json, &|text| if wary { self.clean(provider, text) } else { self.vault.clean(text) });
        }
        let snippet = (json.is_none() && !wary && !raw.body.is_empty()).then(|| {
            let text = Zeroizing::new(String::from_utf8_lossy(&raw.body).into_owned());
            snippet(&self.clean(provider, &text))
        });
        let signer = KeyKind::of(std::str::from_utf8(signer.expose()).unwrap_or_default());
        let (status, request_id, at) = (raw.status, raw.request_id.clone(), self.clock.now());
        Answer { status, json, snippet, request_id, matched, captured, signer, at }
    }

    fn matched(&self, request: &Request, json: &Value) -> Vec<usize> {
        let Some(compare) = &request.compare else { return Vec::new() };
        let Some(secret) = self.vault.get(compare.with) else { return Vec::new() };
        let items = json.pointer(&compare.list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let fit = |item: &Value| {
            item.get(&compare.field).and_then(Value::as_str).is_some_and(|red| fits(red, secret.expose()))
        };
        items.iter().enumerate().filter(|(_, item)| fit(item)).map(|(index, _)| index).collect()
    }

    /// Moves the secret out of the answer into the vault.
    fn capture(&self, request: &Request, json: &mut Value) -> Option<Fingerprint> {
        let capture = request.capture.as_ref()?;
        let place = json.pointer_mut(&capture.pointer)?;
        let Value::String(value) = place.take() else { return None };
        *place = Value::String(capture.role.placeholder().to_owned());
        let secret = Secret::new(&Zeroizing::new(value.into_bytes())).ok()?;
        Some(self.vault.put(capture.role, secret))
    }

    /// Without any secret of the vault, and without any word of a key's shape.
    pub(in crate::shell) fn clean(&self, provider: &'static dyn Provider, text: &str) -> String {
        let clean = self.vault.clean(text);
        mask(&clean, &provider.spot(clean.as_bytes()))
    }

    pub(in crate::shell) fn clean_fault(&self, provider: &'static dyn Provider, fault: &Fault) -> Fault {
        let clean = |text: &str| self.clean(provider, text);
        Fault {
            kind: fault.kind,
            what: clean(&fault.what),
            why: clean(&fault.why),
            hints: fault.hints.iter().map(|hint| clean(hint)).collect(),
        }
    }
}
