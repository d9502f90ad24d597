//! Random graphs: the report is that of the plainest search, whatever the number of threads and the seed.

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

/// A graph of numbered nodes; an edge to `None` is an action without effect.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(super) starts: Vec<u16>,
    pub(super) edges: Vec<Vec<Option<u16>>>,
    /// Nodes at which "never" fails, and where "once" holds.
    pub(super) bad: Vec<u16>,
    pub(super) good: Vec<u16>,
    /// Nodes beyond the boundary.
    pub(super) beyond: Vec<u16>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edge {
    place: usize,
    to: Option<u16>,
}

impl Kinds for Edge {
    const KINDS: &'static [&'static str] = &["even", "odd"];
    fn kind(&self) -> usize {
        self.place % 2
    }
}

impl Model for Graph {
    type State = u16;
    type Action = Edge;
    fn init_states(&self) -> Vec<u16> {
        self.starts.clone()
    }
    fn actions(&self, &node: &u16, actions: &mut Vec<Edge>) {
        let edges = self.edges.get(usize::from(node)).into_iter().flatten();
        actions.extend(edges.enumerate().map(|(place, &to)| Edge { place, to }));
    }
    fn next_state(&self, _: &u16, edge: Edge) -> Option<u16> {
        edge.to
    }
    fn within_boundary(&self, node: &u16) -> bool {
        !self.beyond.contains(node)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never", |graph, node| !graph.bad.contains(node)),
            Property::sometimes("once", |graph, node| graph.good.contains(node)),
            Property::always("fine", |_, _| true),
        ]
    }
}

/// A name for an edge, by where it comes from and goes to.
fn name(&from: &u16, edge: &Edge) -> Option<u32> {
    (from % 3 == 0).then_some(u32::from(edge.to.unwrap_or(7) % 5))
}

/// What a report says, without times and octets.
#[derive(Debug, PartialEq)]
pub(super) struct Essence {
    unique: u64,
    states: u64,
    levels: Vec<u64>,
    counts: Vec<u64>,
    found: Vec<(&'static str, Vec<u16>)>,
    labels: Vec<(u32, Vec<u16>)>,
}

pub(super) fn of(report: &Report<Graph>) -> Essence {
    let nodes = |path: &Path<Graph>| path.0.iter().map(|&(_, node)| node).collect();
    Essence {
        unique: report.unique,
        states: report.states,
        levels: report.levels.clone(),
        counts: report
            .action_counts
            .iter()
            .map(|&(_, count)| count)
            .collect(),
        found: report
            .discoveries
            .iter()
            .map(|found| (found.property, nodes(&found.path)))
            .collect(),
        labels: report
            .labels
            .iter()
            .map(|(&label, path)| (label, nodes(path)))
            .collect(),
    }
}

/// Breadth first with a queue, whole states and whole paths.
fn plainly(graph: &Graph) -> Essence {
    let mut essence = Essence {
        unique: 0,
        states: 0,
        levels: Vec::new(),
        counts: vec![0; 2],
        found: Vec::new(),
        labels: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::new();
    let mut labels = BTreeMap::new();
    let mut take = |essence: &mut Essence, queue: &mut VecDeque<Vec<u16>>, path: Vec<u16>| {
        essence.states += 1;
        let Some(&node) = path.last() else { return };
        if !graph.within_boundary(&node) || !seen.insert(node) {
            return;
        }
        essence.unique += 1;
        if path.len() > essence.levels.len() {
            essence.levels.push(0);
        }
        *essence.levels.last_mut().unwrap() += 1;
        for (property, nodes) in [("never", &graph.bad), ("once", &graph.good)] {
            if nodes.contains(&node) && essence.found.iter().all(|(found, _)| *found != property) {
                essence.found.push((property, path.clone()));
            }
        }
        queue.push_back(path);
    };
    for &start in &graph.starts {
        take(&mut essence, &mut queue, vec![start]);
    }
    while let Some(path) = queue.pop_front() {
        let node = *path.last().unwrap();
        let mut actions = Vec::new();
        graph.actions(&node, &mut actions);
        for edge in actions {
            let mut longer = path.clone();
            longer.extend(edge.to);
            if let Some(label) = name(&node, &edge) {
                labels.entry(label).or_insert_with(|| longer.clone());
            }
            if edge.to.is_some() {
                essence.counts[edge.place % 2] += 1;
                take(&mut essence, &mut queue, longer);
            }
        }
    }
    essence.labels = labels.into_iter().collect();
    essence
}

/// The same graph with successors made in place, an action without effect known only after something was changed, and
/// fingerprints of octets.
struct InPlace<'a>(&'a Graph);

impl Space for InPlace<'_> {
    type Model = Graph;
    type Key = u64;
    const EXACT: bool = false;

    fn model(&self) -> &Graph {
        self.0
    }
    fn key(&self, seed: u64, node: &u16) -> u64 {
        Fingerprint::of_octets(seed, node)
    }
    fn expand(&self, node: &u16, actions: &mut Vec<Edge>, successors: &mut impl Successors<u16>) {
        let perform = |next: &mut u16, edge: Edge| {
            *next = edge.to.unwrap_or(u16::MAX);
            edge.to.is_some()
        };
        expand_in_place(self.0, node, actions, perform, successors);
    }
}

fn report(graph: &Graph, options: &Options) -> Report<Graph> {
    search_labelled(
        graph,
        options,
        Some(&name),
        &mut |_| {},
        &AtomicBool::new(false),
    )
}

pub(crate) fn graphs() -> impl Strategy<Value = Graph> {
    (2u16..600).prop_flat_map(|nodes| {
        let edges = prop::collection::vec(prop::option::weighted(0.9, 0..nodes), 0..5);
        let few = || prop::collection::vec(0..nodes, 0..4);
        (
            prop::collection::vec(0..nodes, 1..40),
            prop::collection::vec(edges, usize::from(nodes)),
            few(),
            few(),
            few(),
        )
            .prop_map(|(starts, edges, bad, good, beyond)| Graph {
                starts,
                edges,
                bad,
                good,
                beyond,
            })
    })
}

proptest! {
    #[test]
    fn every_number_of_threads_and_seed_reports_what_the_plainest_search_finds(graph in graphs()) {
        let wanted = plainly(&graph);
        for (threads, seed) in [(1, 0), (1, 9), (2, 0), (3, 0), (3, 9)] {
            let options = Options { threads: NonZeroUsize::new(threads).unwrap(), seed, ..Options::default() };
            let report = report(&graph, &options);
            prop_assert_eq!(&of(&report), &wanted, "{} threads", threads);
            prop_assert!(report.exhausted() && report.unexpanded == 0);
        }
    }

    #[test]
    fn successors_made_in_place_are_the_same(graph in graphs()) {
        let wanted = Essence { labels: Vec::new(), ..plainly(&graph) };
        for (threads, seed) in [(1, 0), (2, 9), (3, 0)] {
            let options = Options { threads: NonZeroUsize::new(threads).unwrap(), seed, ..Options::default() };
            let stop = AtomicBool::new(false);
            let report = search_space(&InPlace(&graph), &options, None, &mut |_| {}, &stop);
            prop_assert_eq!(&of(&report), &wanted, "{} threads", threads);
        }
    }

    #[test]
    fn early_ends_do_not_depend_on_threads(graph in graphs(), most in 1u64..300) {
        let limited = |threads, until: Option<&str>| {
            let options = Options {
                threads: NonZeroUsize::new(threads).unwrap(),
                max_states: Some(most),
                until: until.map(Into::into),
                ..Options::default()
            };
            let report = report(&graph, &options);
            (of(&report), report.stopped_by, report.unexpanded)
        };
        for until in [None, Some("never"), Some("once")] {
            let wanted = limited(1, until);
            prop_assert_eq!(&limited(2, until), &wanted);
            prop_assert_eq!(&limited(3, until), &wanted);
        }
    }
}

/// Sixty-four ways through a first level that meet in one node, which so has sixty-four parents.
pub(super) fn funnel() -> Graph {
    let mut edges = vec![(1..=64).map(Some).collect()];
    edges.extend((1..=64).map(|_| vec![Some(65)]));
    edges.push(Vec::new());
    Graph {
        starts: vec![0],
        edges,
        bad: vec![65],
        good: vec![],
        beyond: vec![],
    }
}

#[test]
fn a_planted_race_for_parents_is_noticed() {
    let wanted = plainly(&funnel());
    assert_eq!(wanted.found, [("never", vec![0, 1, 65])]);
    for (last_claim_wins, threads) in [(false, 1), (false, 3), (true, 3)] {
        let options = Options {
            threads: NonZeroUsize::new(threads).unwrap(),
            last_claim_wins,
            ..Options::default()
        };
        assert_eq!(of(&report(&funnel(), &options)) == wanted, !last_claim_wins);
    }
}
