"""The learner-profile-service of the cloud-learning-platform, as its clients know it."""
