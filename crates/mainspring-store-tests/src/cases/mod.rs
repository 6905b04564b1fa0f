//! The cases, by what they are about.

mod agreement;
mod claims;
mod ends;
mod history;
mod jobs;
mod leases;
mod limits;
mod queue;
mod races;
mod runs;
mod times;

use std::any::type_name;
use std::future::Future;

use crate::Case;
use crate::world::World;

pub(crate) fn all() -> Vec<Case> {
    vec![
        case(jobs::a_new_job_is_kept_as_it_was_drafted),
        case(jobs::an_upsert_of_the_same_changes_nothing),
        case(jobs::an_older_revision_changes_nothing),
        case(jobs::another_schedule_brings_its_own_instant),
        case(jobs::jobs_are_read_in_pages),
        case(jobs::the_last_of_two_drafts_of_a_name_counts),
        case(jobs::a_pause_takes_the_instant_away),
        case(jobs::a_removed_job_takes_its_waiting_runs_along),
        case(jobs::due_jobs_come_earliest_first),
        case(jobs::empty_batches_are_answered),
        case(runs::one_instant_is_one_run),
        case(runs::a_stale_step_changes_nothing),
        case(runs::what_does_not_run_is_recorded),
        case(runs::an_instant_of_the_history_does_not_return),
        case(runs::a_new_run_cannot_have_ended),
        case(runs::triggers_find_a_free_instant),
        case(runs::runs_keep_their_definition),
        case(claims::higher_priorities_come_first),
        case(claims::a_node_takes_from_its_queues_alone),
        case(claims::future_work_is_not_claimed),
        case(claims::fences_grow),
        case(claims::a_claim_tells_all_a_handler_needs),
        case(leases::a_lease_that_ended_is_reaped),
        case(leases::a_heartbeat_keeps_a_run),
        case(leases::a_late_node_is_fenced_off),
        case(leases::a_late_word_counts_while_nobody_reaped),
        case(leases::runs_that_kill_their_nodes_end),
        case(leases::released_runs_are_due_at_once),
        case(leases::the_next_wake_is_known),
        case(ends::outcomes_are_recorded),
        case(ends::saying_it_again_is_accepted),
        case(ends::a_retry_waits),
        case(ends::an_end_counts_once),
        case(ends::cancelling_asks_the_node),
        case(ends::a_wanted_cancel_ends_a_lost_run),
        case(queue::a_key_is_free_after_the_end),
        case(queue::keys_belong_to_handlers),
        case(queue::ids_of_work_are_their_own),
        case(queue::texts_survive),
        case(limits::a_queue_s_limit_counts_all_nodes),
        case(limits::a_job_s_limit_counts_all_nodes),
        case(limits::a_stopped_queue_gives_nothing),
        case(limits::blocked_runs_block_nobody_else),
        case(limits::limits_hold_while_nodes_race),
        case(history::pages_are_complete),
        case(history::runs_are_found_by_name_and_state),
        case(history::runs_are_read_without_their_texts),
        case(history::a_tally_counts_what_there_is),
        case(history::pruning_keeps_the_last),
        case(history::pruning_goes_in_bites),
        case(times::leases_follow_the_store_s_clock),
        case(times::a_clock_set_back_repeats_nothing),
        case(times::downtime_is_judged_once),
        case(times::daylight_saving_makes_no_double),
        case(times::instants_are_rounded_away_from_early),
        case(times::far_times_are_kept),
        case(races::each_run_goes_to_one_node),
        case(races::one_of_many_steps_is_made),
        case(races::one_of_many_ends_is_recorded),
        case(races::of_equal_keys_one_is_added),
        case(races::news_reaches_who_waits),
        case(races::crashing_nodes_lose_nothing),
        case(agreement::any_life_agrees_with_memory),
    ]
}

/// A case is called as its function is.
fn case<F, Fut>(run: F) -> Case
where
    F: Fn(World) -> Fut + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let path = type_name::<F>();
    let name = path.split_once("cases::").map_or(path, |(_, name)| name);
    (name, Box::new(move |world| Box::pin(run(world))))
}
