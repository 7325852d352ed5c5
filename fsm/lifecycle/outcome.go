package lifecycle

import (
	"math"
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
	sum.InputTokens = addCount(sum.InputTokens, o.InputTokens, math.MaxInt64)
	sum.OutputTokens = addCount(sum.OutputTokens, o.OutputTokens, math.MaxInt64)
	sum.Turns = addCount(sum.Turns, o.Turns, math.MaxInt32)
	return &sum
}

// addCount adds what an agent claims to have used: never less than before, and never beyond what the field holds.
func addCount[N int32 | int64](sum, claimed, most N) N {
	if claimed <= 0 {
		return sum
	}
	return sum + min(claimed, most-sum)
}

// decimal bounds what is parsed: math/big would spend for ever on "1e999999999". A program that adds in binary writes 0.1 + 0.2 with
// seventeen digits, behind zeros perhaps.
var (
	decimal  = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,25})?$`)
	sumSoFar = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,12})?$`)
)

// addDecimals adds two decimal numbers exactly, to four places; what is not a plain number counts as nothing.
func addDecimals(a, b string) string {
	switch {
	case !decimal.MatchString(b):
		return a
	case !sumSoFar.MatchString(a):
		a = "0"
	}
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	return x.Add(x, y).FloatString(4)
}

// turnsLeft is what a limit leaves to the next attempt, nil where there is none.
func turnsLeft(limit *int32, used *v1.Usage) *int32 {
	if limit == nil || used == nil {
		return limit
	}
	return new(max(0, *limit-used.Turns))
}

// costLeft is the same in US dollars. The limit is the API's, which is a plain number.
func costLeft(limit string, used *v1.Usage) string {
	if limit == "" || used == nil || !sumSoFar.MatchString(used.CostUSD) {
		return limit
	}
	x, ok := new(big.Rat).SetString(limit)
	y, _ := new(big.Rat).SetString(used.CostUSD)
	if !ok || x.Cmp(y) <= 0 {
		return "0"
	}
	return x.Sub(x, y).FloatString(4)
}

// clip cuts a message to what the API takes, at a rune's border.
func clip(s string) string {
	r := []rune(s)
	if len(r) <= maxMessage {
		return s
	}
	return string(r[:maxMessage-1]) + "…"
}
