"""feedrate's own loader: threads that write each image and its maps straight to where it belongs.

    from feedrate import build_loader

is the way in for a training loop (``docs/loader.md``); `feedrate.loaders.feedrate` runs the same
parts inside the matrix of pipelines. What makes it fast: nothing is pickled or sent, for threads
share memory and every library that takes time lets go of the interpreter's lock; nothing is copied
to be collated; and no memory is new, for a batch's comes back when nobody can see it any more.
"""
