//! A path through the model as data: what happened, what it made visible, what every server then knew.

use crate::server_group::{
    Action, Observation, Projection, Server, ServerGroup, State, project, step,
};

/// One step of a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceStep {
    /// What happened.
    pub action: Action,
    /// What it made visible, in order.
    pub observations: Vec<Observation>,
    /// What each running server knew afterwards.
    pub projections: Vec<(Server, Projection)>,
    /// The state afterwards.
    pub state: State,
}

/// Follows the actions from the initial state; `None` where one of them is not enabled.
pub fn record(model: &ServerGroup, actions: &[Action]) -> Option<Vec<TraceStep>> {
    let mut state = model.initial();
    let mut steps = Vec::with_capacity(actions.len());
    for &action in actions {
        let mut observations = Vec::new();
        state = step(model, &state, action, &mut observations)?;
        let projections = model
            .servers()
            .filter_map(|server| Some((server, project(model, &state, server)?)))
            .collect();
        steps.push(TraceStep {
            action,
            observations,
            projections,
            state,
        });
    }
    Some(steps)
}
