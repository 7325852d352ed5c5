package lifecycle

import (
	"math/big"
	"regexp"

	"github.com/runfleet/runfleet/api/v1"
)

// An outcome is written by a program that a language model steers: nothing in it is trusted to fit the API's bounds.
// What does not fit is left out, because a status that the API server refuses would stop the run for ever.
const (
	maxURL     = 2048
	maxSession = 256
	maxMessage = 4096
)

// keep writes an attempt's evidence into its entry and into the run's own fields, and adds up its usage. newest says
// that the attempt is status.attempt: what an older one reports late does not replace what a newer one said.
func (c change) keep(e *v1.Attempt, a AgentFacts, newest bool) {
	e.OutcomeRecorded = new(true)
	if a.Ended.ExitCode != nil {
		e.ExitCode = new(*a.Ended.ExitCode)
	}
	o := a.Ended.Outcome
	if o == nil {
		return
	}
	if fits(o.PullRequestURL, maxURL) && (newest || c.s.PullRequestURL == "") {
		c.s.PullRequestURL = o.PullRequestURL
	}
	if fits(o.SessionID, maxSession) && (newest || c.s.SessionID == "") {
		c.s.SessionID = o.SessionID
	}
	c.s.Usage = addUsage(c.s.Usage, o)
}

func fits(s string, most int) bool { return s != "" && len(s) <= most }

func addUsage(u *v1.Usage, o *Outcome) *v1.Usage {
	if o.CostUSD == "" && o.InputTokens == 0 && o.OutputTokens == 0 && o.Turns == 0 {
		return u
	}
	sum := v1.Usage{}
	if u != nil {
		sum = *u
	}
	sum.CostUSD = addDecimals(sum.CostUSD, string(o.CostUSD))
	sum.InputTokens += max(0, o.InputTokens)
	sum.OutputTokens += max(0, o.OutputTokens)
	sum.Turns += max(0, o.Turns)
	return &sum
}

// decimal bounds what is parsed: math/big would spend for ever on "1e999999999".
var decimal = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,12})?$`)

// addDecimals adds two decimal numbers exactly, to four places; what is not a plain number counts as nothing.
func addDecimals(a, b string) string {
	switch {
	case !decimal.MatchString(b):
		return a
	case !decimal.MatchString(a):
		a = "0"
	}
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	return x.Add(x, y).FloatString(4)
}

// clip cuts a message to what the API takes, at a rune's border.
func clip(s string) string {
	r := []rune(s)
	if len(r) <= maxMessage {
		return s
	}
	return string(r[:maxMessage-1]) + "…"
}
