package world

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/operator"
)

// Script is a story that was written down: a bug that the simulation found once, without the chance that found it. The
// seed only chooses delays. Each line is one of
//
//	beats                      the hub gives signs of life
//	closed MEMBER              it does not have the runs' namespace, until it is opened
//	fate RUN FATE              what becomes of the run's agents (see member.Fate); they succeed otherwise
//	at DURATION ACTION         something happens at that time
//	when "REGEXP" ACTION       something happens when a line of the transcript matches, once; +DURATION before it: so much later
//	then "REGEXP"              a line must match
//	never "REGEXP"             no line may match
//	most N "REGEXP"            at most so many lines may match
//
// with the actions of actions.go, and every invariant on top.
type Script struct {
	About string // the comment at its top

	beats  bool
	closed map[string]bool
	fates  map[string]member.Fate
	cues   []cue
	claims []claim
}

// cue is an action and what it waits for.
type cue struct {
	at   time.Duration
	when *regexp.Regexp
	do   func(*world) error
}

// claim is what a transcript must show, between so many lines.
type claim struct {
	text        string
	line        *regexp.Regexp
	least, most int
}

// ParseScript reads a script.
func ParseScript(text string) (Script, error) {
	s := Script{fates: map[string]member.Fate{}, closed: map[string]bool{}}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if about, ok := strings.CutPrefix(line, "#"); ok {
			s.About += strings.TrimSpace(about) + "\n"
			continue
		}
		if line == "" {
			continue
		}
		if err := s.parse(line); err != nil {
			return s, fmt.Errorf("line %d, %q: %w", i+1, line, err)
		}
	}
	return s, nil
}

func (s *Script) parse(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "beats":
		s.beats = true
		return nil
	case "closed":
		s.closed[rest] = true
		return nil
	case "fate":
		run, fate, _ := strings.Cut(rest, " ")
		s.fates[run] = member.Fate(fate)
		return nil
	case "at":
		at, action, _ := strings.Cut(rest, " ")
		d, err := time.ParseDuration(at)
		if err != nil {
			return err
		}
		return s.cue(cue{at: d}, action)
	case "when":
		when, action, err := cutPattern(rest)
		if err != nil {
			return err
		}
		c := cue{when: when}
		if strings.HasPrefix(action, "+") {
			delay, rest, _ := strings.Cut(action[1:], " ")
			if c.at, err = time.ParseDuration(delay); err != nil {
				return err
			}
			action = rest
		}
		return s.cue(c, action)
	case "then", "never", "most":
		return s.claim(line, verb, rest)
	default:
		return errors.New("it begins with none of beats, closed, fate, at, when, then, never, most")
	}
}

func (s *Script) cue(c cue, action string) error {
	do, err := parseAction(action)
	c.do = do
	s.cues = append(s.cues, c)
	return err
}

func (s *Script) claim(line, verb, rest string) error {
	c := claim{text: line, least: 1, most: 1 << 30}
	switch verb {
	case "never":
		c.least, c.most = 0, 0
	case "most":
		c.least = 0
		number, pattern, _ := strings.Cut(rest, " ")
		if _, err := fmt.Sscan(number, &c.most); err != nil {
			return err
		}
		rest = pattern
	}
	var err error
	c.line, _, err = cutPattern(rest)
	s.claims = append(s.claims, c)
	return err
}

// cutPattern reads "REGEXP" and what follows.
func cutPattern(text string) (*regexp.Regexp, string, error) {
	text, ok := strings.CutPrefix(text, `"`)
	pattern, rest, closed := strings.Cut(text, `"`)
	if !ok || !closed {
		return nil, "", errors.New("a pattern stands between two quotes")
	}
	r, err := regexp.Compile(pattern)
	return r, strings.TrimSpace(rest), err
}

// Tell tells the script with the delays of a seed.
func (s Script) Tell(seed uint64, transcript *strings.Builder) Result {
	if transcript == nil {
		transcript = &strings.Builder{}
	}
	w := newWorld(seed, operator.Plant{}, transcript)
	w.Pulses, w.share = s.beats, 0
	for _, l := range w.Weather.Links {
		*l = operator.Link{}
	}
	w.plan = func(a *member.Agent) member.Fate {
		if fate, ok := s.fates[a.Home[strings.LastIndex(a.Home, "/")+1:]]; ok {
			return fate
		}
		return member.Succeeds
	}
	for _, m := range w.Members {
		m.Plan = w.plan
		if !s.closed[m.Name] {
			m.Open(namespace)
		}
	}
	counts := make([]int, len(s.claims))
	done := make([]bool, len(s.cues))
	write := w.Say
	w.Say = func(who, what string) {
		write(who, what)
		s.hear(w, who+" "+what, counts, done)
	}
	w.begin()
	for i, c := range s.cues {
		if c.when == nil {
			w.Time.After(c.at, func() { w.act(s.cues[i]) })
		}
	}
	w.tell()
	for i, c := range s.claims {
		if counts[i] < c.least || counts[i] > c.most {
			w.failf("%d lines match: %s", counts[i], c.text)
		}
	}
	return w.end()
}

// hear counts a line of the transcript, and lets happen what waits for it.
func (s Script) hear(w *world, line string, counts []int, done []bool) {
	for i, c := range s.claims {
		if c.line.MatchString(line) {
			counts[i]++
		}
	}
	for i, c := range s.cues {
		if c.when != nil && !done[i] && c.when.MatchString(line) {
			done[i] = true
			w.Time.After(c.at, func() { w.act(c) })
		}
	}
}

func (w *world) act(c cue) {
	if err := c.do(w); err != nil {
		w.failf("the script cannot go on: %v", err)
	}
}
