package api

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/runfleet/runfleet/api/crds"
)

// heard is everything the API server complained of in this suite.
var heard struct {
	sync.Mutex
	said []string
}

func hear(said string) {
	heard.Lock()
	defer heard.Unlock()
	heard.said = append(heard.said, said)
}

// A rule that no test has heard is a rule that nobody knows to work.
var _ = AfterSuite(func() {
	c, _ := GinkgoConfiguration()
	if len(c.FocusStrings)+len(c.SkipStrings)+len(c.FocusFiles)+len(c.SkipFiles) > 0 || c.LabelFilter != "" || CurrentSpecReport().Failed() {
		return
	}
	var silent []string
	for _, name := range crds.Files {
		crd, err := definition(name)
		Expect(err).NotTo(HaveOccurred())
		for _, version := range crd.Spec.Versions {
			for _, r := range rulesOf(*version.Schema.OpenAPIV3Schema) {
				for _, words := range spoken(r) {
					if !slices.ContainsFunc(heard.said, words.MatchString) && !slices.Contains(silent, words.String()) {
						silent = append(silent, words.String())
					}
				}
			}
		}
	}
	Expect(silent).To(BeEmpty(), "rules that no test has broken")
})

// spoken matches what a rule says when it is broken. Of a message expression, the words around what it inserts, or
// each of the messages that it chooses from.
func spoken(r apiextensions.ValidationRule) []*regexp.Regexp {
	if r.MessageExpression == "" {
		return []*regexp.Regexp{regexp.MustCompile(regexp.QuoteMeta(r.Message))}
	}
	var each []*regexp.Regexp
	for _, choice := range chosen.FindAllStringSubmatch(r.MessageExpression, -1) {
		each = append(each, regexp.MustCompile(regexp.QuoteMeta(choice[1])))
	}
	if each != nil {
		return each
	}
	words := inserted.ReplaceAllString(regexp.QuoteMeta(r.MessageExpression), ".*")
	return []*regexp.Regexp{regexp.MustCompile(strings.Trim(words, `'"`))}
}

// chosen is one of the messages of an expression of the form a ? 'this' : b ? 'that' : 'the rest'.
var chosen = regexp.MustCompile(` [?:] '([^']*)'`)

// inserted is what a message expression puts between its words, in either form: 'a ' + self.b + ' c', "a %s c".format([self.b]).
var inserted = regexp.MustCompile(`' \\\+ self\\\.phase \\\+ '|%[ds]|"\\\.format.*$`)

// rulesOf lists the rules of a schema and of everything in it.
func rulesOf(s apiextensions.JSONSchemaProps) []apiextensions.ValidationRule {
	rules := slices.Clone(s.XValidations)
	for _, p := range s.Properties {
		rules = append(rules, rulesOf(p)...)
	}
	if s.Items != nil && s.Items.Schema != nil {
		rules = append(rules, rulesOf(*s.Items.Schema)...)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		rules = append(rules, rulesOf(*s.AdditionalProperties.Schema)...)
	}
	return rules
}
