// Package incarnation recognises a hub that was restored from a backup (rule Q of docs/lifecycle.md).
//
// The hub cannot know by itself that it was set back: whatever could tell it was set back too. So it gives a sign of life,
// a beat, every half minute, writes it down first on itself and then on every member that answers. A member that keeps a
// beat of which the hub knows nothing has seen a later hub than this one. Then the hub's incarnation is raised, and every
// run whose status names an older one stays in quarantine until all members were counted.
//
// Numbers alone would not do: a restored hub that counts on would soon reach what the members remember. So beats are
// numbered within terms, and each term, which is the life of one leader, has a random name.
package incarnation
