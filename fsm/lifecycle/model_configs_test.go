package lifecycle

import "github.com/runfleet/runfleet/api/v1"

// byHand is everything a user can do to a Job or pod behind our back.
var byHand = []faultKind{fJobGone, fJobOrphan, fJobFore, fPodGone}

// wishes is everything a person can ask of a run.
var wishes = []faultKind{fCancel, fDelete, fRaise, fSuspend}

// configurations are what is explored, by `make soak` whole. Each turns a few screws at a time: all at once would be too many
// states.
func configurations() []config {
	return []config{
		base("agents that succeed and fail, two retries", retries(2)),
		base("every outcome, one retry and one allowance", allowance(1), outcomes(podSucceeded, podFailed, podMissing, podEvicted)),
		base("one wish, requests that travel", alone, with(1, wishes...), faults(1)),
		base("cancelled, deleted, raised", alone, retries(0), direct, with(1, fCancel, fDelete, fRaise)),
		base("suspended and cancelled", alone, retries(0), direct, with(1, fSuspend, fCancel)),
		base("raised twice", alone, retries(0), direct, with(2, fRaise)),
		base("suspended twice", alone, retries(0), direct, with(2, fSuspend)),
		base("deleted by hand", with(1, byHand...), faults(1)),
		base("deleted by hand, and an unknown outcome is retried", also(v1.ClassOutcomeUnknown), with(1, byHand...), faults(1)),
		base("deleted by hand twice", retries(0), with(1, byHand...)),
		base("deleted by hand, and cancelled or deleted", alone, retries(0), direct, with(1, byHand...), with(1, fCancel, fDelete)),
		base("deleted by hand, and raised", alone, retries(0), direct, with(1, fJobGone, fPodGone, fRaise)),
		base("the link goes twice", with(2, fLink)),
		base("the link goes, and a cancel or a deletion", retries(0), direct, with(1, fLink, fCancel, fDelete)),
		base("the link goes, and a raise", retries(0), alone, direct, with(1, fLink, fRaise)),
		base("the link goes, and hands", retries(0), with(1, fLink), with(1, byHand...)),
		base("the link goes, and the run moves", allowance(1), retries(0), reschedule, with(1, fLink)),
		base("a member burns down", retries(0), with(1, fBurn, fLink)),
		base("a member burns down, and the run moves", retries(0), allowance(1), reschedule, with(1, fBurn)),
		base("a name comes to mean another cluster", retries(0), with(1, fRetarget, fLink)),
		base("a name comes to mean another cluster, and a cancel or a deletion", retries(0), direct, with(1, fRetarget, fCancel, fDelete)),
		base("a member is unregistered", retries(0), with(1, fUnregister, fCancel, fDelete)),
		base("a member is unregistered, and the run moves", allowance(1), retries(0), direct, reschedule, with(1, fUnregister)),
		base("a restored hub, and a member is unregistered", retries(0), direct, with(1, fRestore, fUnregister)),
		base("ConfigMaps", configMaps, retries(0), with(1, fDelete), faults(1)),
		base("ConfigMaps, and a raise", configMaps, retries(0), alone, direct, with(1, fRaise, fDelete)),
		base("ConfigMaps, and links and hands", configMaps, retries(0), direct, with(1, fLink, fJobGone, fJobOrphan, fBurn)),
		base("ConfigMaps, and a restored hub", configMaps, retries(0), with(1, fRestore), faults(1)),
		base("two requests under way", retries(0), requests(2), with(1, fCancel, fDelete, fJobGone), faults(1)),
		base("the same request twice", retries(0), requests(2), repeated, with(1, fJobGone), faults(1)),
		base("stale views", retries(0), stale, with(1, wishes...), faults(1)),
		base("stale views and hands", retries(0), alone, stale, with(1, fJobGone, fPodGone, fRaise)),
		base("a paused replica", retries(0), paused, with(1, fCancel, fDelete, fRaise, fJobGone), faults(1)),
		base("a paused replica with a stale view", retries(0), paused, stale, with(1, fJobGone, fJobFore, fLink), faults(1)),
		base("a pod cache that lags", lagging, with(1, byHand...), faults(1)),
		base("a pod cache that lags, and the link", retries(0), lagging, with(1, fLink, fCancel)),
		base("Jobs that fail too early", early, with(1, byHand...), with(1, fCancel), faults(1)),
		base("refusals", refusals, with(1, fCancel, fLink, fJobGone)),
		base("upgrades", upgrades, retries(0), with(1, fCancel, fDelete, fLink)),
		base("upgrades, and a raise", upgrades, retries(0), alone, direct, with(1, fRaise), faults(2)),
		base("upgrades, and ConfigMaps", upgrades, configMaps, retries(0), with(1, fDelete), faults(1)),
		base("upgrades, and a restored hub", upgrades, retries(0), direct, with(1, fRestore), faults(1)),
		base("the whole run's deadline", alone, direct, total(4), with(1, fLink, fSuspend, fRaise), faults(1)),
		base("abandoned by a person", retries(0), with(1, fAbandon, fLink)),
		base("abandoned by a person, and a raise or a deletion", retries(0), direct, alone, with(1, fAbandon, fRaise, fDelete)),
		base("abandoned by a person when the member was unregistered", retries(0), direct, with(1, fAbandon, fUnregister, fDelete), faults(3)),
		base("a restored hub", retries(0), with(1, fRestore), faults(1)),
		base("a restored hub, and one retry", with(1, fRestore), faults(1), outcomes(podFailed), direct),
		base("a restored hub, and a cancel or a deletion", retries(0), direct, with(1, fRestore, fCancel, fDelete)),
		base("a restored hub, and a raise", retries(0), alone, direct, outcomes(podSucceeded), with(1, fRestore, fRaise)),
		base("a restored hub, and hands", retries(0), direct, with(1, fRestore), with(1, byHand...)),
		base("a restored hub, and the link", retries(0), direct, with(1, fRestore, fLink)),
		base("nothing is retained", retries(0), unretained, with(1, fRaise, fLink), faults(1)),
		base("a code run", code, with(1, fLink, fBurn)),
		base("a code run that may move", code, allowance(1), retries(0), reschedule, with(1, fLink)),
		base("long deadlines", retries(0), long, with(1, fLink, fCancel, fJobGone)),
		base("long deadlines, and the run moves", retries(0), direct, long, allowance(1), reschedule, with(1, fLink)),
		base("an agent that starts after it was given up", retries(0), direct, alone, wide, with(1, fCancel, fLink)),
		base("long deadlines, and a pod cache that lags", retries(0), lagging, long, with(1, fCancel, fLink)),
		base("long deadlines, and a restored hub", retries(0), direct, long, with(1, fRestore), faults(1)),
	}
}

func retries(n int32) func(*config)          { return func(c *config) { c.retries = n } }
func also(c v1.FailureClass) func(*config)   { return func(o *config) { o.alsoOn = append(o.alsoOn, c) } }
func allowance(n int32) func(*config)        { return func(c *config) { c.allowance = n } }
func outcomes(all ...podState) func(*config) { return func(c *config) { c.outcomes = all } }
func faults(n uint8) func(*config)           { return func(c *config) { c.total = n } }
func direct(c *config)                       { c.messages = 0 }
func requests(n int) func(*config)           { return func(c *config) { c.messages = n } }
func total(n uint8) func(*config)            { return func(c *config) { c.runLeft = n } }
func alone(c *config)                        { c.alone = true }
func reschedule(c *config)                   { c.onLost = v1.ClusterLostReschedule }
func repeated(c *config)                     { c.repeats = true }
func stale(c *config)                        { c.stale = true }
func paused(c *config)                       { c.paused = true }
func lagging(c *config)                      { c.lagging = true }
func early(c *config)                        { c.early = true }
func refusals(c *config)                     { c.refusals = true }
func upgrades(c *config)                     { c.upgrades = true }
func unretained(c *config)                   { c.retention = 0 }
func configMaps(c *config)                   { c.inputs = true }
func code(c *config)                         { c.kind = CodeRun }
func wide(c *config)                         { c.times = times{3 * tick, tick, 0, tick} }
func long(c *config)                         { c.times = times{2 * tick, 2 * tick, tick, tick} }
