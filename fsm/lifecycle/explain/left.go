package explain

import (
	"fmt"
	"math/big"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// left is what is left of everything that bounds the run, and what it has spent.
func (a asking) left() []Quantity {
	var out []Quantity
	if !final(a.state, a.l.Table) && a.s.Phase != v1.PhaseTerminating {
		out = append(out,
			Quantity{
				"retries", count(a.f.Run.MaxRetries-a.s.RetryCount, a.f.Run.MaxRetries), "spec.retry.maxRetries, for each context version",
			},
			Quantity{
				"losses", count(a.l.InfraAllowance-a.s.InfraCount, a.l.InfraAllowance),
				"that the infrastructure may cause without a charge",
			},
		)
		out = append(out, a.timeLeft()...)
	}
	return append(out, a.moneyLeft()...)
}

func count(left, of int32) string { return fmt.Sprintf("%d of %d", max(0, left), of) }

func (a asking) timeLeft() []Quantity {
	var out []Quantity
	if e := lifecycle.Open(a.s); e != nil && e.DeadlineSeconds > 0 {
		whole := time.Duration(e.DeadlineSeconds) * time.Second
		if e.StartSeenAt != nil {
			out = append(out, a.timeUntil("attempt", e.StartSeenAt.Add(whole), whole, "spec.deadlineSeconds"))
		} else {
			out = append(out, a.timeUntil("attempt", a.f.Now.Add(whole), whole, "it counts from the agent's start"))
		}
	}
	if whole := a.f.Run.TotalDeadline; whole > 0 {
		out = append(out, a.timeUntil("whole run", a.f.Run.Created.Add(whole), whole, "spec.totalDeadlineSeconds"))
	}
	return out
}

func (a asking) timeUntil(what string, at time.Time, whole time.Duration, note string) Quantity {
	return Quantity{what, fmt.Sprintf("%s of %s", between(a.f.Now, at), span(whole)), note}
}

// moneyLeft is what spec.limits leaves, and without a limit what was spent.
func (a asking) moneyLeft() []Quantity {
	u := a.s.Usage
	if u == nil {
		u = &v1.Usage{}
	}
	var out []Quantity
	switch limit := a.f.Run.MaxTurns; {
	case limit != nil:
		out = append(out, Quantity{"turns", count(*limit-u.Turns, *limit), "spec.limits.maxTurns, as far as agents reported"})
	case u.Turns > 0:
		out = append(out, Quantity{"turns", fmt.Sprintf("%d spent", u.Turns), "no limit"})
	}
	spent := u.CostUSD
	switch limit := a.f.Run.MaxCostUSD; {
	case limit != "":
		of := fmt.Sprintf("$%s of $%s", rest(limit, spent), limit)
		out = append(out, Quantity{"cost", of, "spec.limits.maxCostUSD, as far as agents reported"})
	case spent != "":
		out = append(out, Quantity{"cost", "$" + rest(spent, "0") + " spent", "no limit"})
	}
	return out
}

// rest is what two decimal numbers leave, "0" at least.
func rest(limit, spent string) string {
	x, ok := new(big.Rat).SetString(limit)
	y, also := new(big.Rat).SetString(spent)
	switch {
	case !ok:
		return limit
	case !also:
		return x.FloatString(2)
	case x.Cmp(y) <= 0:
		return "0"
	default:
		return x.Sub(x, y).FloatString(2)
	}
}
