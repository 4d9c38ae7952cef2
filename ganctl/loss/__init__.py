"""Who wins: from what the discriminator says of real and fake to the two players' adversarial terms.

Every loss has `discriminator(real, fake)` and `generator(fake, real)`; `real` and `fake` are float32 tensors
of shape (batch, ...), logits unless said otherwise, and the result is a scalar, a mean over all of them.
`boundary` is what an undecided discriminator says; `relative` losses need the real logits in the generator's
turn too, where the others are given None.
"""
