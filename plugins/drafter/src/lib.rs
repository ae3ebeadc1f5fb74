//! Proposes replies from templates.

use posthouse_drafting::{Settings, Shelf, write};
use posthouse_sdk::drafting::Drafts;
use posthouse_sdk::{Drafter, Failure, desk};

/// A configured drafter.
pub struct TemplateDrafter {
    shelf: Shelf,
}

impl Drafter for TemplateDrafter {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.model.enabled {
            return Err("settings, `model.enabled`: this plugin uses templates alone; install `drafter-model` in its \
                        place and grant it `model`"
                .to_owned());
        }
        Ok(Self { shelf: settings.shelf()? })
    }

    fn draft(&self, call: &desk::Call, ticket: &desk::Ticket, out: &Drafts) -> Result<(), Failure> {
        let case = write::read(call, ticket);
        write::write(&self.shelf.drafts(&case), out)
    }
}

posthouse_sdk::export_drafter!(TemplateDrafter);
