//! Giving a permission, asking for one, giving one more time, and taking one back.

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::grants::{ExtendGrant, GiveGrant, Grant, RequestAccess, RevokeGrant};

use super::{PLACE, fields};
use crate::app::context::Context;
use crate::shapes::form::{Done, Filling, Wrong, date, needed};
use crate::shapes::list::Answer;
use crate::widgets::inputs::{Input, Inputs};

const TO: usize = fields::REASON + 1;
const FROM: usize = TO + 1;

#[derive(Debug)]
pub struct GiveForm {
    to: String,
}

impl GiveForm {
    pub fn new(to: String) -> Self {
        Self { to }
    }
}

impl Filling for GiveForm {
    fn place(&self) -> String {
        "Give a permission".to_owned()
    }

    fn title(&self) -> String {
        "Give a permission on a part of the school. Left and Right choose, and first letters."
            .to_owned()
    }

    fn inputs(&self) -> Inputs {
        let mut inputs = fields::inputs();
        inputs.push("To (login or staff number)", Input::text(&self.to, 60));
        inputs.push("From (empty: now)", Input::text("", 10));
        inputs
    }

    fn changed(&mut self, inputs: &mut Inputs) {
        fields::changed(inputs);
    }

    fn request(&mut self, inputs: &Inputs, context: &Context) -> Result<HillviewRequest, Wrong> {
        let starts = date(inputs, FROM)?;
        let request = GiveGrant {
            permission: fields::permission(inputs),
            scope: fields::scope(inputs)?,
            days: fields::chosen_days(inputs, fields::DAYS),
            reason: needed(inputs, fields::REASON, "reason")?,
            to: needed(inputs, TO, "login")?,
            starts: starts.map(|day| context.midnight(day)),
        };
        Ok(HillviewRequest::GiveGrant { request })
    }

    fn answered(&mut self, answer: Answer, context: &mut Context) -> Reply<Done> {
        let grant = crate::reply!(answer, GiveGrant)?;
        Ok(Done::say(given(&grant, context)))
    }
}

fn given(grant: &Grant, context: &Context) -> String {
    let (name, permission, scope) = (&grant.name, grant.permission, &grant.scope);
    match grant.ends {
        Some(ends) => {
            let ends = context.clock(ends);
            format!("{name} has {permission} on {scope} until {ends}")
        }
        None => format!("{name} has {permission} on {scope} without an end"),
    }
}

#[derive(Debug)]
pub struct AskForm;

impl Filling for AskForm {
    fn place(&self) -> String {
        "Ask for a permission".to_owned()
    }

    fn title(&self) -> String {
        "Ask for a permission; somebody who manages grants decides. Left and Right choose."
            .to_owned()
    }

    fn inputs(&self) -> Inputs {
        fields::inputs()
    }

    fn changed(&mut self, inputs: &mut Inputs) {
        fields::changed(inputs);
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = RequestAccess {
            permission: fields::permission(inputs),
            scope: fields::scope(inputs)?,
            days: fields::chosen_days(inputs, fields::DAYS),
            reason: needed(inputs, fields::REASON, "reason")?,
        };
        Ok(HillviewRequest::RequestAccess { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let asked = crate::reply!(answer, RequestAccess)?;
        let words = format!("asked for {} on {}", asked.permission, asked.scope);
        Ok(Done::say(words))
    }
}

#[derive(Debug)]
pub struct ExtendForm {
    grant: Grant,
}

impl ExtendForm {
    pub fn new(grant: Grant) -> Self {
        Self { grant }
    }
}

impl Filling for ExtendForm {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        let Grant {
            name, permission, ..
        } = &self.grant;
        format!(
            "Give {name} more time for {permission}, counted from its end, or from now when that \
             has passed."
        )
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([("More", fields::days())])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = ExtendGrant {
            grant: self.grant.id,
            days: fields::chosen_days(inputs, 0),
        };
        Ok(HillviewRequest::ExtendGrant { request })
    }

    fn answered(&mut self, answer: Answer, context: &mut Context) -> Reply<Done> {
        let grant = crate::reply!(answer, ExtendGrant)?;
        Ok(Done::say(given(&grant, context)))
    }
}

#[derive(Debug)]
pub struct RevokeForm {
    grant: Grant,
}

impl RevokeForm {
    pub fn new(grant: Grant) -> Self {
        Self { grant }
    }
}

impl Filling for RevokeForm {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        let Grant {
            name,
            permission,
            scope,
            ..
        } = &self.grant;
        format!("Take {permission} on {scope} back from {name}, at once.")
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([("Reason", Input::text("", 200))])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = RevokeGrant {
            grant: self.grant.id,
            reason: inputs.text(0).to_owned(),
        };
        Ok(HillviewRequest::RevokeGrant { request })
    }

    fn question(&self, _inputs: &Inputs) -> Option<String> {
        let Grant {
            name, permission, ..
        } = &self.grant;
        Some(format!("Take {permission} back from {name}?"))
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let grant = crate::reply!(answer, RevokeGrant)?;
        let words = format!("{} is taken back from {}", grant.permission, grant.name);
        Ok(Done::say(words))
    }
}
