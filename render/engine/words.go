package engine

import (
	gopath "path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// evaluators execute an argument, or hand it to something that does: no quoting protects a value from them.
var evaluators = []string{
	".", "alias", "ash", "awk", "bash", "builtin", "busybox", "command", "dash", "doas", "env", "eval", "exec", "find", "ksh", "nice",
	"node", "nohup", "parallel", "perl", "python", "python3", "ruby", "sed", "setsid", "sh", "source", "ssh", "su", "sudo", "time",
	"timeout", "trap", "watch", "xargs", "zsh",
}

const notAWord = "{{shell %s}} must be an unquoted word or a part of one: " +
	"not in quotes, comments, here-documents, patterns, arithmetic, or a command's name" + useVariable

const useVariable = `: write name={{shell %s}} on a line of its own and use "$name"`

// words looks where the markers of values and blocks stand in the syntax tree.
type words struct {
	*checker

	s      *script
	values map[string]string // by marker: what is wrong with its place; "" is nothing
	blocks map[string]bool   // by marker: it is a command of its own
}

// placed checks the places of values and blocks.
func (c *checker) placed(s *script, file *syntax.File) {
	w := words{checker: c, s: s, values: map[string]string{}, blocks: map[string]bool{}}
	syntax.Walk(file, w.visit)
	for i, v := range s.values {
		complaint, found := w.values[valueMark(i)]
		if !found {
			complaint = notAWord
		}
		if complaint != "" {
			c.add(v.line, "%s", strings.ReplaceAll(complaint, "%s", v.path.String()))
		}
	}
	for i, b := range s.blocks {
		if !w.blocks[blockMark(i)] {
			c.add(b.line, "a block in a script must enclose whole commands: not parts of one, of a text in quotes, or of a here-document")
		}
	}
}

// visit notes what a node holds, and says whether to look inside: backticks undo quotes, so nothing within counts.
func (w *words) visit(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.File:
		w.list(n.Stmts)
	case *syntax.Block:
		w.list(n.Stmts)
	case *syntax.Subshell:
		w.list(n.Stmts)
	case *syntax.CmdSubst:
		if n.Backquotes {
			return false
		}
		w.list(n.Stmts)
	case *syntax.IfClause:
		w.list(n.Cond)
		w.list(n.Then)
	case *syntax.WhileClause:
		w.list(n.Cond)
		w.list(n.Do)
	case *syntax.ForClause:
		w.list(n.Do)
		if items, ok := n.Loop.(*syntax.WordIter); ok {
			for _, word := range items.Items {
				w.word(word, "")
			}
		}
	case *syntax.CaseItem:
		w.list(n.Stmts)
	case *syntax.CaseClause:
		w.word(n.Word, "")
	case *syntax.Redirect:
		if n.Op != syntax.Hdoc && n.Op != syntax.DashHdoc {
			w.word(n.Word, "")
		}
	case *syntax.DeclClause: // export NAME=value; an option, such as -i, could have the value evaluated
		for _, a := range n.Args {
			if a.Naked && a.Value != nil {
				return false
			}
		}
		for _, a := range n.Args {
			w.assign(a)
		}
	case *syntax.CallExpr:
		w.call(n)
	}
	return true
}

// list notes the blocks that are commands of a list.
func (w *words) list(list []*syntax.Stmt) {
	for _, stmt := range list {
		w.blocks[marks(stmt)] = true
	}
}

// marks is the marker of which a statement consists, if it is nothing else.
func marks(stmt *syntax.Stmt) string {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	plain := !stmt.Negated && !stmt.Background && len(stmt.Redirs) == 0
	if !ok || !plain || len(call.Assigns) > 0 || len(call.Args) != 2 || call.Args[0].Lit() != ":" {
		return ""
	}
	return call.Args[1].Lit()
}

func (w *words) assign(a *syntax.Assign) {
	if a.Name != nil && a.Index == nil && a.Value != nil && !a.Naked {
		w.word(a.Value, "")
	}
}

// call checks the words of a simple command.
func (w *words) call(n *syntax.CallExpr) {
	for _, a := range n.Assigns {
		w.assign(a)
	}
	options := true
	for i, word := range n.Args {
		switch {
		case i == 0: // what is not noted is refused: a command's name
			continue
		case slices.Contains(evaluators, gopath.Base(n.Args[0].Lit())) || n.Args[0].Lit() == "":
			w.word(word, "this command can execute its arguments, whatever the quotes"+useVariable)
		case options && isQuoted(word.Parts[0]):
			w.word(word, "a value that begins with - would be an option here: "+
				"put -- before it, or write a text directly before {{shell %s}}")
		default:
			w.word(word, "")
		}
		if word.Lit() == "--" {
			options = false
		}
	}
}

func isQuoted(p syntax.WordPart) bool {
	_, ok := p.(*syntax.SglQuoted)
	return ok
}

// word notes the values that are parts of a word, and what is wrong with that.
func (w *words) word(word *syntax.Word, complaint string) {
	if word == nil {
		return
	}
	for _, p := range word.Parts {
		if q, ok := p.(*syntax.SglQuoted); ok && !q.Dollar {
			w.values[q.Value] = complaint
		}
	}
}
