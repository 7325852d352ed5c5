// Package model is a model that says what a test wants: the part of Anthropic's Messages API that the agent uses, streamed,
// with a play in place of a mind.
//
// A run chooses its play by naming it in its prompt, as "[play: write-docs]". What the agent then gets is the play's turns,
// one for each of its requests. Which turn is due is read off the conversation in the request, so the server has no memory
// that a restart of the agent could confuse.
package model
