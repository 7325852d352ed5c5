package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting reads the value of one key into a draft, and shows what a draft holds as config.yaml would say it.
type setting struct {
	unit string // s, min, or ""
	// read gets what encoding/json makes of the value, numbers as json.Number. Its error follows "key: ".
	read func(d *draft, v any) error
	show func(d *draft) string
	// schema is what read takes as far as JSON Schema can say it: the chart refuses a value before it is installed.
	schema schema
}

// pattern is what a text must look like, and says so.
type pattern struct {
	*regexp.Regexp
	want string
}

// is quotes a refused value, cut where it is long.
func is(v any, want string) error {
	text, err := json.Marshal(v)
	if err != nil {
		text = fmt.Append(nil, v)
	}
	const most = 80
	if r := []rune(string(text)); len(r) > most {
		text = []byte(string(r[:most]) + "…")
	}
	return fmt.Errorf("is %s: write %s", text, want)
}

func asText(v any, p pattern) (string, error) {
	if _, number := v.(json.Number); number { // YAML's 1.10 is 1.1 by now: what was meant cannot be repeated
		return "", is(v, "it in quotes, or YAML takes it for a number")
	}
	s, ok := v.(string)
	if !ok || !p.MatchString(s) {
		return "", is(v, p.want)
	}
	return s, nil
}

func asWhole(v any, least, most int64, unit string) (int64, error) {
	n, ok := v.(json.Number)
	i, err := strconv.ParseInt(n.String(), 10, 64)
	if !ok || err != nil || i < least || i > most {
		return 0, is(v, fmt.Sprintf("a whole number%s from %d to %d, without quotes", unit, least, most))
	}
	return i, nil
}

func text(p pattern, at func(*draft) *string) setting {
	return setting{
		read: func(d *draft, v any) (err error) {
			*at(d), err = asText(v, p)
			return err
		},
		show:   func(d *draft) string { return *at(d) },
		schema: schemaOf(p),
	}
}

// branchPattern is a text that must make branches.
func branchPattern(check func(string) error, at func(*draft) *string) setting {
	s := text(word, at)
	read := s.read
	s.read = func(d *draft, v any) error {
		if err := read(d, v); err != nil {
			return err
		}
		return check(*at(d))
	}
	return s
}

func list(p pattern, at func(*draft) *[]string) setting {
	return setting{
		read: func(d *draft, v any) error {
			items, ok := v.([]any)
			if !ok {
				return is(v, "a list, each item "+p.want)
			}
			words := []string{}
			for _, item := range items {
				s, err := asText(item, p)
				if err != nil {
					return fmt.Errorf("one item %w", err)
				}
				words = append(words, s)
			}
			*at(d) = words
			return nil
		},
		show: func(d *draft) string {
			if len(*at(d)) == 0 {
				return ""
			}
			return "[" + strings.Join(*at(d), ", ") + "]"
		},
		schema: schema{"type": "array", "items": schemaOf(p)},
	}
}

func boolean(at func(*draft) *bool) setting {
	return setting{
		read: func(d *draft, v any) error {
			b, ok := v.(bool)
			if !ok {
				return is(v, "true or false, without quotes")
			}
			*at(d) = b
			return nil
		},
		show:   func(d *draft) string { return strconv.FormatBool(*at(d)) },
		schema: schema{"type": "boolean"},
	}
}

func oneOf[T ~string](at func(*draft) *T, choices ...T) setting {
	return setting{
		read: func(d *draft, v any) error {
			s, ok := v.(string)
			if !ok || !slices.Contains(choices, T(s)) {
				return is(v, fmt.Sprintf("one of %v", choices))
			}
			*at(d) = T(s)
			return nil
		},
		show:   func(d *draft) string { return string(*at(d)) },
		schema: schema{"enum": choices},
	}
}

// protocol is one of OpenTelemetry's, or the original's short http.
func protocol(at func(*draft) *string) setting {
	s := oneOf(at, "grpc", "http/protobuf", "http/json", "http")
	read := s.read
	s.read = func(d *draft, v any) error {
		if v == "http" {
			v = "http/protobuf"
		}
		return read(d, v)
	}
	return s
}

func whole[N int | int32](least, most int64, at func(*draft) *N) setting {
	return setting{
		read: func(d *draft, v any) error {
			n, err := asWhole(v, least, most, "")
			if err == nil {
				*at(d) = N(n)
			}
			return err
		},
		show:   func(d *draft) string { return strconv.Itoa(int(*at(d))) },
		schema: wholeSchema(least, most),
	}
}

const ofSeconds = " of seconds"

func seconds(least, most int64, at func(*draft) *time.Duration) setting {
	return duration("s", ofSeconds, time.Second, least, most, at)
}

func minutes(least, most int64, at func(*draft) *time.Duration) setting {
	return duration("min", " of minutes", time.Minute, least, most, at)
}

func duration(short, long string, unit time.Duration, least, most int64, at func(*draft) *time.Duration) setting {
	return setting{
		unit: short,
		read: func(d *draft, v any) error {
			n, err := asWhole(v, least, most, long)
			if err == nil {
				*at(d) = time.Duration(n) * unit
			}
			return err
		},
		show:   func(d *draft) string { return strconv.FormatInt(int64(*at(d)/unit), 10) },
		schema: wholeSchema(least, most),
	}
}

// originalDeadline sets the defaults of both kinds, as the original did, but keeps the two hours that its first
// generation promised to a CodeRun.
func originalDeadline() setting {
	return setting{
		unit: "s",
		read: func(d *draft, v any) error {
			n, err := asWhole(v, 1, 7*day, ofSeconds)
			if err == nil {
				d.Deadlines.Docs = time.Duration(n) * time.Second
				d.Deadlines.Code = max(d.Deadlines.Docs, defaultCode)
			}
			return err
		},
		show:   func(*draft) string { return "" },
		schema: wholeSchema(1, 7*day),
	}
}

func storageClass() setting {
	return setting{
		read: func(d *draft, v any) error {
			name, err := asText(v, objectName)
			if err == nil {
				d.Render.Workspace.StorageClass = &name
			}
			return err
		},
		show:   func(*draft) string { return "" },
		schema: schemaOf(objectName),
	}
}
