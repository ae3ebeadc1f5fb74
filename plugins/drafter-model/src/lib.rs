//! Proposes replies from templates and, where the tenant allows it, from the client's own model.

use posthouse_asking::HostModel;
use posthouse_drafting::model::add_model_draft;
use posthouse_drafting::settings::ModelSettings;
use posthouse_drafting::{Settings, Shelf, write};
use posthouse_sdk::drafting::Drafts;
use posthouse_sdk::{Drafter, Failure, desk};

/// A configured drafter.
pub struct ModelDrafter {
    shelf: Shelf,
    model: ModelSettings,
    drafts_max: usize,
}

impl Drafter for ModelDrafter {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { shelf: settings.shelf()?, drafts_max: settings.max_drafts, model: settings.model })
    }

    fn draft(&self, call: &desk::Call, ticket: &desk::Ticket, out: &Drafts) -> Result<(), Failure> {
        let case = write::read(call, ticket);
        let mut drafts = self.shelf.drafts(&case);
        add_model_draft(&mut drafts, &self.model, &self.shelf, &case, self.drafts_max, &HostModel);
        write::write(&drafts, out)
    }
}

posthouse_sdk::export_drafter!(ModelDrafter);
